use std::sync::Arc;

use async_graphql::{Executor, Request, Response, parser::types::OperationType};
use axum::http::StatusCode;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use tokio::{sync::Semaphore, time::timeout};

use super::{operation::Operation, result::null_what_failed};
use crate::{Limits, refusal::Refusal};

/// The schema with its limits of how much is executed at a time.
#[derive(Clone)]
pub(crate) struct Engine {
    schema: Arc<dyn Schema>,
    operations: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    limits: Limits,
}

impl Engine {
    pub(crate) fn new(schema: impl Executor, limits: Limits) -> Self {
        Self {
            schema: Arc::new(schema),
            operations: Arc::new(Semaphore::new(limits.operations)),
            streams: Arc::new(Semaphore::new(limits.streams)),
            limits,
        }
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Executes a query or mutation when it is its turn.
    pub(crate) async fn execute(&self, request: Request) -> Result<Response, Refusal> {
        let run = async {
            // Never closed, so it is always granted in the end.
            let _turn = self.operations.acquire().await;
            let mut response = self.schema.execute(request).await;
            null_what_failed(&mut response);
            response
        };
        let late = || {
            tracing::warn!(seconds = self.limits.request_timeout.as_secs(), "an operation took too long");
            Refusal::unavailable("the operation took too long and was given up; ask for less, or later")
        };
        timeout(self.limits.request_timeout, run).await.map_err(|_| late())
    }

    /// Starts an operation of any kind as a stream of its results.
    pub(crate) fn stream(
        &self,
        operation: Operation,
    ) -> Result<BoxStream<'static, Result<Response, Refusal>>, Refusal> {
        let Operation { kind, request } = operation;
        if kind != OperationType::Subscription {
            let engine = self.clone();
            return Ok(async move { engine.execute(request).await }.into_stream().boxed());
        }
        let place = Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            tracing::warn!(limit = self.limits.streams, "a subscription is refused: too many are open");
            let message = format!("{} subscriptions are open, which is the limit", self.limits.streams);
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "LIMIT_EXCEEDED", message)
        })?;
        let results = self.schema.stream(request);
        Ok(results
            .map(move |mut response| {
                // Held as long as the stream lives.
                let _place = &place;
                null_what_failed(&mut response);
                Ok(response)
            })
            .boxed())
    }
}

/// A schema of any types. [`Executor`] itself cannot be a trait object; behind this one the server is compiled once.
trait Schema: Send + Sync {
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;
    fn stream(&self, request: Request) -> BoxStream<'static, Response>;
}

impl<E: Executor> Schema for E {
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        Executor::execute(self, request).boxed()
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request, None)
    }
}
