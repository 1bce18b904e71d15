//! The typed tree as ADF's JSON. The tree is of bounded depth, so is the recursion.

use serde_json::{Map, Value, json};

use super::tree::{
    Align, Block, Cell, Code, Heading, Href, Inline, ItemBlock, Lead, List, ListItem, Look, Marker,
    Media, PanelKind, Paragraph, Shift, Style, Task, TaskEntry, TaskList,
};

/// The whole document. One that holds nothing has an empty paragraph, as editors need a line to write in.
pub(super) fn document(blocks: Vec<Block>) -> Value {
    let mut renderer = Renderer::default();
    let mut content: Vec<Value> = blocks.into_iter().map(|b| renderer.block(b)).collect();
    if content.is_empty() {
        content.push(paragraph(Paragraph::default()));
    }
    json!({"type": "doc", "version": 1, "content": content})
}

#[derive(Default)]
struct Renderer {
    /// Tasks and their lists are numbered through the document: an id must be there and differ from others.
    ids: usize,
}

impl Renderer {
    fn block(&mut self, block: Block) -> Value {
        match block {
            Block::Paragraph(content, align) => aligned(paragraph(content), align),
            Block::Heading(content, align) => aligned(heading(content), align),
            Block::List(it) => self.list(it),
            Block::Tasks(it) => self.tasks(it),
            Block::Code(it) => code(it),
            Block::Quote(it) => node(
                "blockquote",
                None,
                it.0.into_iter().map(paragraph).collect(),
            ),
            Block::Panel(it) => {
                let attrs = json!({"panelType": panel_type(it.kind)});
                let content = it.content.into_iter().map(|b| self.block(b.into()));
                node("panel", Some(attrs), content.collect())
            }
            Block::Expand(it) => {
                let content = it.0.into_iter().map(|b| self.block(b.into()));
                node("expand", Some(json!({})), content.collect())
            }
            Block::Table(it) => {
                let rows = it.0.into_iter().map(|row| {
                    let cells = row.0.into_iter().map(|cell| self.cell(cell));
                    node("tableRow", None, cells.collect())
                });
                node("table", None, rows.collect())
            }
            Block::Media(it) => media(it),
            Block::Rule => json!({"type": "rule"}),
        }
    }

    fn list(&mut self, list: List) -> Value {
        let items = list.items.into_iter().map(|item| self.item(item));
        let items = items.collect();
        match list.marker {
            Marker::Bullet => node("bulletList", None, items),
            Marker::Number(order) => node("orderedList", Some(json!({"order": order})), items),
        }
    }

    fn item(&mut self, item: ListItem) -> Value {
        let lead = match item.lead {
            Lead::Paragraph(it) => paragraph(it),
            Lead::Code(it) => code(it),
        };
        let mut content = vec![lead];
        content.extend(
            item.rest
                .into_iter()
                .map(|block: ItemBlock| self.block(block.into())),
        );
        node("listItem", None, content)
    }

    fn tasks(&mut self, list: TaskList) -> Value {
        let id = self.id("tasks");
        let mut content = vec![self.task(list.first)];
        content.extend(list.rest.into_iter().map(|entry| match entry {
            TaskEntry::Task(task) => self.task(task),
            TaskEntry::Nested(list) => self.tasks(list),
        }));
        node("taskList", Some(json!({"localId": id})), content)
    }

    fn task(&mut self, task: Task) -> Value {
        let state = if task.done { "DONE" } else { "TODO" };
        let attrs = json!({"localId": self.id("task"), "state": state});
        node("taskItem", Some(attrs), inlines(task.content))
    }

    fn cell(&mut self, cell: Cell) -> Value {
        let mut attrs = Map::new();
        if cell.colspan > 1 {
            attrs.insert("colspan".into(), cell.colspan.into());
        }
        if cell.rowspan > 1 {
            attrs.insert("rowspan".into(), cell.rowspan.into());
        }
        let content = cell.content.into_iter().map(|b| self.block(b.into()));
        let kind = if cell.header {
            "tableHeader"
        } else {
            "tableCell"
        };
        let attrs = (!attrs.is_empty()).then_some(Value::Object(attrs));
        node(kind, attrs, content.collect())
    }

    fn id(&mut self, kind: &str) -> String {
        self.ids += 1;
        format!("{kind}-{}", self.ids)
    }
}

/// An object of known size.
fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let mut map = Map::with_capacity(N);
    for (name, value) in members {
        map.insert(name.to_owned(), value);
    }
    map
}

fn node(kind: &str, attrs: Option<Value>, content: Vec<Value>) -> Value {
    let content = Value::Array(content);
    Value::Object(match attrs {
        Some(attrs) => object([
            ("type", kind.into()),
            ("attrs", attrs),
            ("content", content),
        ]),
        None => object([("type", kind.into()), ("content", content)]),
    })
}

fn aligned(mut value: Value, align: Option<Align>) -> Value {
    let align = match align {
        None => return value,
        Some(Align::Center) => "center",
        Some(Align::End) => "end",
    };
    if let Value::Object(map) = &mut value {
        let mark = json!([{"type": "alignment", "attrs": {"align": align}}]);
        map.insert("marks".into(), mark);
    }
    value
}

fn paragraph(paragraph: Paragraph) -> Value {
    node("paragraph", None, inlines(paragraph.0))
}

fn heading(heading: Heading) -> Value {
    node(
        "heading",
        Some(json!({"level": heading.level as u8})),
        inlines(heading.content),
    )
}

fn code(code: Code) -> Value {
    let attrs = code
        .language
        .map(|language| json!({"language": language.as_str()}));
    let text = code
        .text
        .map(|text| json!({"type": "text", "text": text.as_str()}));
    node("codeBlock", attrs, text.into_iter().collect())
}

fn media(media: Media) -> Value {
    let mut attrs = Map::new();
    attrs.insert("type".into(), "external".into());
    attrs.insert("url".into(), media.url.into());
    if let Some(alt) = media.alt {
        attrs.insert("alt".into(), alt.into());
    }
    let mut image = Map::new();
    image.insert("type".into(), "media".into());
    image.insert("attrs".into(), attrs.into());
    if let Some(link) = media.link {
        image.insert("marks".into(), vec![link_mark(&link)].into());
    }
    node(
        "mediaSingle",
        Some(json!({"layout": "center"})),
        vec![image.into()],
    )
}

fn panel_type(kind: PanelKind) -> &'static str {
    match kind {
        PanelKind::Info => "info",
        PanelKind::Note => "note",
        PanelKind::Success => "success",
        PanelKind::Warning => "warning",
        PanelKind::Error => "error",
    }
}

fn inlines(content: Vec<Inline>) -> Vec<Value> {
    content.into_iter().map(inline).collect()
}

fn inline(inline: Inline) -> Value {
    match inline {
        Inline::Break => json!({"type": "hardBreak"}),
        Inline::Text(words, style) => {
            let text = words.into_string().into();
            let marks = marks(&style);
            Value::Object(if marks.is_empty() {
                object([("type", "text".into()), ("text", text)])
            } else {
                object([
                    ("type", "text".into()),
                    ("text", text),
                    ("marks", marks.into()),
                ])
            })
        }
    }
}

/// The marks in the order of the editor's schema, which its own checks insist on.
fn marks(style: &Style) -> Vec<Value> {
    let mut marks = Vec::new();
    let (look, colour) = match style {
        Style::Code { link } => {
            marks.extend(link.as_ref().map(link_mark));
            marks.push(json!({"type": "code"}));
            return marks;
        }
        Style::Linked { link, look } => {
            marks.push(link_mark(link));
            (look, None)
        }
        Style::Plain { colour, look } => (look, *colour),
    };
    let Look {
        em,
        strong,
        strike,
        underline,
        shift,
    } = *look;
    let simple = |on: bool, kind: &str| on.then(|| Value::Object(object([("type", kind.into())])));
    marks.extend(simple(em, "em"));
    marks.extend(simple(strong, "strong"));
    marks.extend(colour.map(|rgb| json!({"type": "textColor", "attrs": {"color": rgb.hex()}})));
    marks.extend(simple(strike, "strike"));
    marks.extend(shift.map(|shift| {
        let kind = match shift {
            Shift::Sub => "sub",
            Shift::Sup => "sup",
        };
        json!({"type": "subsup", "attrs": {"type": kind}})
    }));
    marks.extend(simple(underline, "underline"));
    marks
}

fn link_mark(href: &Href) -> Value {
    let attrs = object([("href", (&**href).into())]);
    Value::Object(object([("type", "link".into()), ("attrs", attrs.into())]))
}
