use axum::http::{HeaderMap, header};

/// A media type that GraphQL results can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// `application/json`: refused documents are answered with status 200, for old clients.
    Json,
    /// `application/graphql-response+json`: the status says whether there is a result.
    GraphqlResponse,
    /// `text/event-stream`, as graphql-sse's "distinct connections" mode has it.
    EventStream,
    /// `multipart/mixed` with `subscriptionSpec="1.0"`, as Apollo's clients have it.
    Multipart,
}

impl Media {
    const SINGLE: [Self; 2] = [Self::Json, Self::GraphqlResponse];
    const STREAM: [Self; 2] = [Self::EventStream, Self::Multipart];

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
            Self::Multipart => "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"",
        }
    }

    const fn essence(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::GraphqlResponse => ("application", "graphql-response+json"),
            Self::EventStream => ("text", "event-stream"),
            Self::Multipart => ("multipart", "mixed"),
        }
    }
}

/// What a client wants to get, from its `Accept` header (RFC 9110 §12.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accept(Vec<Range>);

/// One entry of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    kind: String,
    subkind: String,
    is_subscription_spec: bool,
    /// Quality in thousandths, 0 to 1000.
    quality: u16,
}

impl Accept {
    /// The header, or `*/*` where there is none.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<_> =
            values.flat_map(|value| split_outside_quotes(value, b',')).filter_map(Range::parse).collect();
        if ranges.is_empty() { Self(Range::parse("*/*").into_iter().collect()) } else { Self(ranges) }
    }

    /// In what to answer a query or mutation: its one result, or else a stream of one event.
    pub(crate) fn for_result(&self) -> Option<Media> {
        self.best(&Media::SINGLE).or_else(|| self.best(&[Media::EventStream]))
    }

    /// In what to answer a subscription. A client that takes anything cannot be expected to take a stream.
    pub(crate) fn for_stream(&self) -> Option<Media> {
        let named = self.0.iter().filter(|range| range.kind != "*" && range.subkind != "*").cloned().collect();
        Self(named).best(&Media::STREAM)
    }

    /// In what to say that a request is refused before its operation is known.
    pub(crate) fn for_refusal(&self) -> Media {
        self.best(&Media::SINGLE).unwrap_or(Media::Json)
    }

    /// Does it name `text/html`, as browsers do when a person opens an address?
    pub(crate) fn wants_page(&self) -> bool {
        self.0.iter().any(|range| range.kind == "text" && range.subkind == "html" && range.quality > 0)
    }

    /// Would it take an event stream?
    pub(crate) fn takes_events(&self) -> bool {
        self.best(&[Media::EventStream]).is_some()
    }

    /// The one with the best quality; among equals the one that is named first, names before wildcards.
    fn best(&self, offers: &[Media]) -> Option<Media> {
        let rank = |media: &Media| {
            let (place, range) = self.most_specific(*media)?;
            let is_wild = range.kind == "*" || range.subkind == "*";
            (range.quality > 0).then_some((range.quality, !is_wild, std::cmp::Reverse(place)))
        };
        let ranked = offers.iter().rev().filter_map(|media| Some((rank(media)?, *media)));
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, media)| media)
    }

    fn most_specific(&self, media: Media) -> Option<(usize, &Range)> {
        let (kind, subkind) = media.essence();
        let matches = |range: &Range| {
            let is_named = range.kind == kind && range.subkind == subkind;
            let is_wild = range.subkind == "*" && (range.kind == kind || range.kind == "*");
            is_wild || (is_named && (media != Media::Multipart || range.is_subscription_spec))
        };
        let specificity = |range: &Range| (range.kind != "*", range.subkind != "*");
        self.0.iter().enumerate().rev().filter(|(_, range)| matches(range)).max_by_key(|(_, range)| specificity(range))
    }
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = split_outside_quotes(text, b';').map(str::trim);
        let (kind, subkind) = parts.next()?.split_once('/')?;
        let mut range = Self {
            kind: kind.to_ascii_lowercase(),
            subkind: subkind.to_ascii_lowercase(),
            is_subscription_spec: false,
            quality: 1000,
        };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            if name.eq_ignore_ascii_case("q") {
                range.quality = quality(value)?;
            } else if name.eq_ignore_ascii_case("subscriptionSpec") {
                range.is_subscription_spec = value.trim_matches('"') == "1.0";
            }
        }
        Some(range)
    }
}

/// `0`, `0.8`, `1.000` in thousandths.
fn quality(text: &str) -> Option<u16> {
    let value: f32 = text.parse().ok()?;
    // The range is checked, so the cast is exact to a thousandth.
    (0.0..=1.0).contains(&value).then_some((value * 1000.0).round() as u16)
}

fn split_outside_quotes(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |letter: char| {
        is_quoted ^= letter == '"';
        !is_quoted && letter == char::from(separator)
    })
}
