use std::sync::Arc;

use async_graphql::{
    Error, ErrorExtensions, Request, Response, ServerError, ServerResult,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextRequest, NextSubscribe},
};
use futures_util::{StreamExt, stream::BoxStream};

use crate::{
    LimitError,
    error::{Code, coded, label},
    view::{Hub, View},
};

/// What every operation passes, whatever transport it came by: limits on the way in, codes on the way out.
pub(crate) struct Gate {
    pub(crate) hub: Arc<Hub>,
}

impl ExtensionFactory for Gate {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self { hub: Arc::clone(&self.hub) })
    }
}

#[async_trait]
impl Extension for Gate {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(ctx).await;
        label(&mut response);
        response
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let labelled = |mut response: Response| {
            label(&mut response);
            response
        };
        next.run(ctx, stream).map(labelled).boxed()
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let limits = &self.hub.limits;
        limits.check(&request.query).map_err(refuse)?;
        let mut request = request;
        let document = request
            .parsed_query()
            .map_err(|error| ServerError { extensions: coded(Code::ParseFailed, "").extensions, ..error })?;
        limits.check_document(document).map_err(refuse)?;
        next.run(ctx, request.data(View::new(Arc::clone(&self.hub)))).await
    }
}

fn refuse(error: LimitError) -> ServerError {
    let message = error.to_string();
    let error: Error = match error {
        LimitError::TooMuch { what, .. } => {
            coded(Code::LimitExceeded, message).extend_with(|_, extensions| extensions.set("limit", what))
        }
        LimitError::FragmentCycle { .. } => coded(Code::ValidationFailed, message),
    };
    ServerError { extensions: error.extensions, ..ServerError::new(error.message, None) }
}
