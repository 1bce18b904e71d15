//! Enums that are stored, sent and shown as one UPPER_SNAKE_CASE text each.

/// Declares an enum whose text form is the variant's name in UPPER_SNAKE_CASE: in the database, in JSON, in `Display` and `FromStr`.
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(sea_orm::DeriveActiveEnum, strum::EnumIter, strum::Display, strum::EnumString, strum::IntoStaticStr)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        #[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }
    };
}

pub(crate) use text_enum;
