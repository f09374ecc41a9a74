//! A small schema with one of each thing that a transport must carry.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_graphql::{Context, Error, Object, Schema, SimpleObject, Subscription};
use futures_util::{Stream, StreamExt, stream};
use hub_model::{Health, HealthReader, StoreStats, TimeQuality, UnixMillis, WallTime};

/// The schema.
pub(crate) type TestSchema = Schema<Query, Mutation, Subscriptions>;

/// How often the mutation was executed.
#[derive(Default)]
pub(crate) struct Bumps(AtomicU32);

/// Makes the schema.
pub(crate) fn schema() -> TestSchema {
    Schema::build(Query, Mutation, Subscriptions).data(Bumps::default()).finish()
}

/// What can be asked.
pub(crate) struct Query;

#[Object]
impl Query {
    /// What it is given.
    async fn echo(&self, text: String) -> String {
        text
    }

    /// How often the mutation was executed.
    async fn bumps(&self, context: &Context<'_>) -> u32 {
        context.data_unchecked::<Bumps>().0.load(Ordering::Relaxed)
    }

    /// An answer that never comes.
    async fn never(&self) -> bool {
        std::future::pending().await
    }

    /// A fault that may be null.
    async fn maybe(&self) -> Result<Option<u32>, Error> {
        Err(Error::new("no such luck"))
    }

    /// A fault that may not be null, so that all of `data` is.
    async fn fault(&self) -> Result<u32, Error> {
        Err(Error::new("broken"))
    }

    /// The query again.
    async fn again(&self) -> Query {
        Self
    }
}

/// What can be changed.
pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Counts.
    async fn bump(&self, context: &Context<'_>) -> u32 {
        context.data_unchecked::<Bumps>().0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// What can be followed.
pub(crate) struct Subscriptions;

/// As the hub's: a cursor, and something.
#[derive(SimpleObject)]
pub(crate) struct Frame {
    cursor: String,
    number: u32,
}

#[Subscription(name = "Subscription")]
impl Subscriptions {
    /// Three frames after the cursor, then silence.
    async fn events(&self, after: Option<String>) -> Result<impl Stream<Item = Frame> + use<>, Error> {
        let after = match after {
            Some(cursor) => {
                cursor.strip_prefix("1:").and_then(|number| number.parse().ok()).ok_or("malformed cursor")?
            }
            None => 0_u32,
        };
        let frames = (after + 1..=after + 3).map(|number| Frame { cursor: format!("1:{number}"), number });
        Ok(stream::iter(frames).chain(stream::pending()))
    }

    /// The numbers up to one of them.
    async fn count(&self, to: u32) -> impl Stream<Item = u32> + use<> {
        stream::iter(1..=to)
    }

    /// Nothing, for ever.
    async fn silence(&self) -> impl Stream<Item = u32> + use<> {
        stream::pending()
    }
}

/// A hub whose health is as it is told.
pub(crate) struct TestHealth(pub(crate) Vec<hub_model::Alert>);

impl HealthReader for TestHealth {
    fn health(&self) -> Health {
        Health {
            alerts: self.0.clone(),
            uptime_ms: 1,
            wall: WallTime { at: UnixMillis(0), quality: TimeQuality::Estimated },
            receivers: Vec::new(),
            outcomes: Vec::new(),
            store: StoreStats::default(),
            version: "0",
        }
    }
}

/// A healthy hub with this schema.
pub(crate) fn parts() -> api_server::Parts<TestSchema> {
    api_server::Parts {
        schema: schema(),
        health: Arc::new(TestHealth(Vec::new())),
        metrics: Arc::new(|| "# EOF\n".to_owned()),
    }
}
