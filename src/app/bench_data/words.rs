//! What people write: made of common words, words in the middle, and words that stand in one ticket or two, so that search has all of them to find.

use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};

const THINGS: [&str; 40] = [
    "printer",
    "label printer",
    "scanner",
    "login",
    "invoice",
    "dashboard",
    "mail gateway",
    "order import",
    "dock calendar",
    "badge reader",
    "payment page",
    "search box",
    "nightly backup",
    "price list",
    "warehouse map",
    "customer portal",
    "forklift terminal",
    "delivery note",
    "stock count",
    "single sign-on",
    "VPN",
    "tax report",
    "phone queue",
    "time sheet",
    "returns form",
    "carrier label",
    "mobile app",
    "pallet scale",
    "refund job",
    "data export",
    "conveyor sensor",
    "camera stream",
    "wiki",
    "build server",
    "certificate",
    "password reset",
    "gift card",
    "customs form",
    "cold room alarm",
    "telescope",
];

const TROUBLES: [&str; 24] = [
    "does not answer",
    "is slow",
    "shows an empty page",
    "stops half-way",
    "is an hour off",
    "loses its connection",
    "refuses every password",
    "prints blank pages",
    "sends everything twice",
    "shows last week's numbers",
    "cannot be reached",
    "asks for a licence",
    "fails after the update",
    "needs another field",
    "counts wrongly",
    "cuts long names",
    "jams",
    "is missing for new colleagues",
    "restarts by itself",
    "drops umlauts",
    "rounds in the wrong direction",
    "ignores the filter",
    "overheats",
    "whistles",
];

const PLACES: [&str; 16] = [
    "in Hamburg",
    "in hall B",
    "at gate 4",
    "in Zürich",
    "on all tills",
    "for the night shift",
    "in accounting",
    "in Gdańsk",
    "at the front desk",
    "in staging",
    "on old tablets",
    "in São Paulo",
    "for two customers",
    "in the archive",
    "at the airport",
    "in Reykjavík",
];

const SENTENCES: [&str; 24] = [
    "The {thing} {trouble} {place}.",
    "It began this morning, after nobody had changed anything.",
    "The log of {host} has {code} in it.",
    "A restart of {host} helps for about an hour.",
    "Three colleagues see the same, one does not.",
    "The device is {serial}.",
    "We cannot ship until this works again.",
    "There is a way round it, but it takes twice as long.",
    "It worked before the last release.",
    "The error is <code>{code}</code>.",
    "Please call me before you touch {host}.",
    "Customers have noticed and are calling.",
    "A screenshot will follow.",
    "The {thing} next to it works.",
    "It happens <b>only</b> with long names.",
    "I have tried another browser and another cable.",
    "Last time the cause was the {thing}.",
    "The monitoring shows nothing unusual for {host}.",
    "Can somebody have a look today?",
    "This is the fourth time this month.",
    "The supplier says that {code} is a known fault.",
    "Nothing is urgent about it, it is just annoying.",
    "The numbers of {serial} and the {thing} do not agree.",
    "We need it for the audit.",
];

const REMARKS: [&str; 16] = [
    "I am looking at it.",
    "Could you send the log of {host}?",
    "That is {code} again.",
    "It works here; please try once more.",
    "The spare part for {serial} is ordered.",
    "Asked the supplier.",
    "Thank you, that helped.",
    "No, the {thing} still {trouble}.",
    "We have seen this {place} before.",
    "Rolled {host} back to the last version.",
    "The certificate had expired.",
    "Moved to the next window for maintenance.",
    "Is it still there after a restart?",
    "Yes, every time.",
    "Linked to the other tickets about the {thing}.",
    "The team on call knows.",
];

const SOLUTIONS: [&str; 8] = [
    "Replaced {serial}.",
    "Restarted {host} and raised its memory.",
    "Corrected the configuration of the {thing}.",
    "Fixed with the release of tonight.",
    "Explained how it is meant to be used.",
    "The supplier has repaired it.",
    "Cleared the queue, {code} is gone.",
    "Nothing to be done: it was gone before we looked.",
];

const SERVICES: [&str; 12] = [
    "printing",
    "identity",
    "billing",
    "warehouse",
    "mail",
    "portal",
    "telephony",
    "network",
    "reporting",
    "mobile",
    "archive",
    "weighing",
];

const TAGS: [&str; 30] = [
    "hardware",
    "network",
    "login",
    "invoice",
    "urgent",
    "customer",
    "printer",
    "release",
    "vip",
    "backup",
    "audit",
    "supplier",
    "mobile",
    "night-shift",
    "training",
    "security",
    "data",
    "performance",
    "ui",
    "mail",
    "vpn",
    "license",
    "shipping",
    "returns",
    "tax",
    "phone",
    "monitoring",
    "legacy",
    "facilities",
    "observatory",
];

const SITES: [&str; 6] = [
    "Hamburg",
    "Zürich",
    "Gdańsk",
    "São Paulo",
    "Reykjavík",
    "Lyon",
];

/// The writer of texts.
pub(super) struct Words<'a>(pub(super) &'a mut StdRng);

impl Words<'_> {
    /// One of them: those at the front often, those at the end hardly ever.
    fn skewed<'b>(&mut self, words: &[&'b str]) -> &'b str {
        let place = self.0.random::<f64>().powi(3);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a small index that is not negative"
        )]
        let index = (place * words.len() as f64) as usize;
        words.get(index).copied().unwrap_or_default()
    }

    fn one_of<'b>(&mut self, words: &[&'b str]) -> &'b str {
        words.choose(self.0).copied().unwrap_or_default()
    }

    /// The sentence with its gaps filled.
    fn filled(&mut self, sentence: &str) -> String {
        let mut text = String::with_capacity(sentence.len() + 24);
        let mut rest = sentence;
        while let Some((before, after)) = rest.split_once('{') {
            let (gap, after) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(before);
            text.push_str(&self.gap(gap));
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn gap(&mut self, gap: &str) -> String {
        match gap {
            "thing" => self.skewed(&THINGS).to_owned(),
            "trouble" => self.skewed(&TROUBLES).to_owned(),
            "place" => self.skewed(&PLACES).to_owned(),
            "host" => {
                let kind = self.one_of(&["web", "db", "app", "gw"]);
                format!("{kind}{:03}", self.0.random_range(0..250))
            }
            "code" => format!("E{:05}", self.0.random_range(0..20_000)),
            _ => format!("SN{:08X}", self.0.random::<u32>()),
        }
    }

    pub(super) fn title(&mut self) -> String {
        let title = match self.0.random_range(0..4) {
            0 => "{thing} {trouble} ({code})",
            1 => "{thing} {trouble}",
            _ => "{thing} {trouble} {place}",
        };
        let title = self.filled(title);
        let mut letters = title.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect()
    }

    /// A description, as HTML that the sanitiser leaves as it is.
    pub(super) fn description(&mut self) -> String {
        let mut html = String::new();
        for _ in 0..self.0.random_range(1..=3) {
            html.push_str("<p>");
            html.push_str(&self.sentences());
            html.push_str("</p>");
        }
        html
    }

    fn sentences(&mut self) -> String {
        let count = self.0.random_range(1..=4);
        let sentences = (0..count).map(|_| {
            let sentence = self.one_of(&SENTENCES);
            self.filled(sentence)
        });
        sentences.collect::<Vec<_>>().join(" ")
    }

    /// A comment, as HTML that the sanitiser leaves as it is.
    pub(super) fn comment(&mut self) -> String {
        let remark = self.one_of(&REMARKS);
        format!("<p>{}</p>", self.filled(remark))
    }

    /// Why a ticket is moved on: plain text.
    pub(super) fn reason(&mut self) -> String {
        let remark = self.one_of(&REMARKS);
        self.filled(remark)
    }

    pub(super) fn solution(&mut self) -> String {
        let solution = self.one_of(&SOLUTIONS);
        self.filled(solution)
    }

    pub(super) fn service(&mut self) -> String {
        self.skewed(&SERVICES).to_owned()
    }

    pub(super) fn tags(&mut self) -> Vec<String> {
        let mut tags = Vec::new();
        for _ in 0..self.0.random_range(0..4) {
            let tag = self.skewed(&TAGS).to_owned();
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    }

    pub(super) fn site(&mut self) -> &'static str {
        self.one_of(&SITES)
    }
}

/// The words of HTML that was written here: it has tags and no entities.
pub(super) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        rest = after.split_once('>').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    text
}
