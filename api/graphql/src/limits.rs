//! How much one operation may ask for, checked before anything of it is executed.

mod document;
mod tokens;

use async_graphql::parser::types::ExecutableDocument;
use thiserror::Error;

/// How much a client may ask for.
///
/// The defaults let every query of the web page, of GraphiQL and of the usual code generators through with a wide
/// margin. In a house of 256 devices with 12 sensors each, all that the page shows is answered in 0.07 s, and the dearest
/// of our hostile queries is refused after 0.14 s (a build for development, one x86 core).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most lexical tokens of a document. The usual introspection query has about 250.
    pub tokens: usize,
    /// The deepest nesting of brackets of any kind, literals included: keeps the parser's stack small.
    pub nesting: usize,
    /// The deepest nesting of fields. The usual introspection query needs 13, so less than 16 breaks tools.
    pub depth: usize,
    /// The deepest nesting of fields and fragments together.
    pub recursive_depth: usize,
    /// The most fields, when every fragment is written out where it is used.
    pub fields: usize,
    /// The most aliases, counted like `fields`.
    pub aliases: usize,
    /// The most fields of the operation itself.
    pub root_fields: usize,
    /// The most directives, counted like `fields`.
    pub directives: usize,
    /// How deep lists of fields and types may be nested in an introspection query; the usual one needs 1.
    pub introspection_lists: usize,
    /// The greatest estimated cost: fields, times the items of the lists that they are in, times points of history.
    pub complexity: usize,
    /// The most objects in the lists of an answer: what holds when a house is larger than `complexity` estimates.
    pub objects: usize,
    /// The most subscriptions that are open at a time, of all clients together.
    pub subscriptions: usize,
    /// May clients ask for the schema?
    pub allows_introspection: bool,
    /// Do errors say which field was probably meant?
    pub allows_suggestions: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tokens: 5_000,
            nesting: 64,
            depth: 16,
            recursive_depth: 32,
            fields: 2_000,
            aliases: 50,
            root_fields: 20,
            directives: 50,
            introspection_lists: 2,
            complexity: 30_000,
            objects: 20_000,
            subscriptions: 64,
            allows_introspection: true,
            allows_suggestions: true,
        }
    }
}

/// What an operation has too much of.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LimitError {
    /// One of the counted things.
    #[error("the operation has more than {limit} {what}, which is the limit")]
    TooMuch {
        /// What: the name of the limit's field in [`Limits`].
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The schema was asked for, and the hub is configured to keep it back.
    #[error("this hub does not tell its schema; it stands in its documentation")]
    IntrospectionOff,
    /// A fragment that contains itself: written out it would never end.
    #[error("fragment {fragment:?} contains itself")]
    FragmentCycle {
        /// Its name.
        fragment: String,
    },
}

impl Limits {
    /// Checks the text of a document, before it is parsed.
    ///
    /// # Errors
    /// When it has too many tokens or nests brackets too deeply.
    ///
    /// ```
    /// let limits = api_graphql::Limits::default();
    /// assert!(limits.check("{ home { name } }").is_ok());
    /// assert!(limits.check(&"{ home ".repeat(100)).is_err());
    /// ```
    pub fn check(&self, text: &str) -> Result<(), LimitError> {
        tokens::check(self, text)
    }

    /// Checks a parsed document.
    pub(crate) fn check_document(&self, document: &ExecutableDocument) -> Result<(), LimitError> {
        document::check(self, document)
    }
}

fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), LimitError> {
    if found > limit { Err(LimitError::TooMuch { what, limit }) } else { Ok(()) }
}
