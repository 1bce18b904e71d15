//! Which block may stand where: from a block of any kind to what a node may hold, and back.

use super::tree::{Block, CellBlock, ExpandBlock, ItemBlock, PanelBlock, Paragraph};

impl TryFrom<Block> for ItemBlock {
    type Error = Block;

    fn try_from(block: Block) -> Result<Self, Block> {
        Ok(match block {
            Block::Paragraph(paragraph, _) => Self::Paragraph(paragraph),
            Block::Code(code) => Self::Code(code),
            Block::List(list) => Self::List(list),
            Block::Media(media) => Self::Media(media),
            other => return Err(other),
        })
    }
}

impl TryFrom<Block> for Paragraph {
    type Error = Block;

    fn try_from(block: Block) -> Result<Self, Block> {
        match block {
            Block::Paragraph(paragraph, _) => Ok(paragraph),
            other => Err(other),
        }
    }
}

impl TryFrom<Block> for PanelBlock {
    type Error = Block;

    fn try_from(block: Block) -> Result<Self, Block> {
        Ok(match block {
            Block::Paragraph(paragraph, _) => Self::Paragraph(paragraph),
            Block::Heading(heading, _) => Self::Heading(heading),
            Block::List(list) => Self::List(list),
            other => return Err(other),
        })
    }
}

impl TryFrom<Block> for CellBlock {
    type Error = Block;

    fn try_from(block: Block) -> Result<Self, Block> {
        Ok(match block {
            Block::Paragraph(paragraph, align) => Self::Paragraph(paragraph, align),
            Block::Heading(heading, align) => Self::Heading(heading, align),
            Block::List(list) => Self::List(list),
            Block::Tasks(tasks) => Self::Tasks(tasks),
            Block::Code(code) => Self::Code(code),
            Block::Quote(quote) => Self::Quote(quote),
            Block::Panel(panel) => Self::Panel(panel),
            Block::Media(media) => Self::Media(media),
            Block::Rule => Self::Rule,
            other => return Err(other),
        })
    }
}

impl TryFrom<Block> for ExpandBlock {
    type Error = Block;

    fn try_from(block: Block) -> Result<Self, Block> {
        Ok(match block {
            Block::Paragraph(paragraph, _) => Self::Paragraph(paragraph),
            Block::Heading(heading, _) => Self::Heading(heading),
            Block::List(list) => Self::List(list),
            Block::Tasks(tasks) => Self::Tasks(tasks),
            Block::Code(code) => Self::Code(code),
            Block::Quote(quote) => Self::Quote(quote),
            Block::Panel(panel) => Self::Panel(panel),
            Block::Table(table) => Self::Table(table),
            Block::Media(media) => Self::Media(media),
            Block::Rule => Self::Rule,
            other => return Err(other),
        })
    }
}

impl From<ItemBlock> for Block {
    fn from(block: ItemBlock) -> Self {
        match block {
            ItemBlock::Paragraph(it) => Self::Paragraph(it, None),
            ItemBlock::Code(it) => Self::Code(it),
            ItemBlock::List(it) => Self::List(it),
            ItemBlock::Media(it) => Self::Media(it),
        }
    }
}

impl From<PanelBlock> for Block {
    fn from(block: PanelBlock) -> Self {
        match block {
            PanelBlock::Paragraph(it) => Self::Paragraph(it, None),
            PanelBlock::Heading(it) => Self::Heading(it, None),
            PanelBlock::List(it) => Self::List(it),
        }
    }
}

impl From<CellBlock> for Block {
    fn from(block: CellBlock) -> Self {
        match block {
            CellBlock::Paragraph(it, align) => Self::Paragraph(it, align),
            CellBlock::Heading(it, align) => Self::Heading(it, align),
            CellBlock::List(it) => Self::List(it),
            CellBlock::Tasks(it) => Self::Tasks(it),
            CellBlock::Code(it) => Self::Code(it),
            CellBlock::Quote(it) => Self::Quote(it),
            CellBlock::Panel(it) => Self::Panel(it),
            CellBlock::Media(it) => Self::Media(it),
            CellBlock::Rule => Self::Rule,
        }
    }
}

impl From<ExpandBlock> for Block {
    fn from(block: ExpandBlock) -> Self {
        match block {
            ExpandBlock::Paragraph(it) => Self::Paragraph(it, None),
            ExpandBlock::Heading(it) => Self::Heading(it, None),
            ExpandBlock::List(it) => Self::List(it),
            ExpandBlock::Tasks(it) => Self::Tasks(it),
            ExpandBlock::Code(it) => Self::Code(it),
            ExpandBlock::Quote(it) => Self::Quote(it),
            ExpandBlock::Panel(it) => Self::Panel(it),
            ExpandBlock::Table(it) => Self::Table(it),
            ExpandBlock::Media(it) => Self::Media(it),
            ExpandBlock::Rule => Self::Rule,
        }
    }
}
