use std::sync::Arc;

use async_graphql::{
    Error, Name, Request, Response, ServerError, ServerResult, Value, Variables,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextRequest, NextSubscribe},
    parser::types::ExecutableDocument,
};
use futures_util::{StreamExt, stream::BoxStream};

use crate::{
    LimitError,
    error::{Code, coded, label, over_limit},
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
        limits.check(&request.query).map_err(|error| refuse(&error))?;
        let (variables, name) = (request.variables.clone(), request.operation_name.clone());
        let mut request = request;
        let document = request
            .parsed_query()
            .map_err(|error| ServerError { extensions: coded(Code::ParseFailed, "").extensions, ..error })?;
        limits.check_document(document).map_err(|error| refuse(&error))?;
        check_variables(document, name.as_deref(), &variables)?;
        next.run(ctx, request.data(View::new(Arc::clone(&self.hub)))).await
    }
}

/// A required variable that is missing is an error of the request, not of the field that happens to use it.
fn check_variables(document: &ExecutableDocument, name: Option<&str>, variables: &Variables) -> ServerResult<()> {
    let is_meant = |operation: Option<&str>| name.is_none() || name == operation;
    let operations = document.operations.iter().filter(|(operation, _)| is_meant(operation.map(Name::as_str)));
    for definition in operations.flat_map(|(_, operation)| &operation.node.variable_definitions) {
        let variable = definition.node.name.node.as_str();
        let var_type = &definition.node.var_type.node;
        let is_required = !var_type.nullable && definition.node.default_value().is_none();
        let is_given = variables.get(variable).is_some_and(|value| *value != Value::Null);
        if is_required && !is_given {
            let message = format!("the variable ${variable} is missing; expected a {}", var_type);
            let error = coded(Code::BadUserInput, message);
            return Err(ServerError {
                extensions: error.extensions,
                ..ServerError::new(error.message, Some(definition.pos))
            });
        }
    }
    Ok(())
}

fn refuse(error: &LimitError) -> ServerError {
    let message = error.to_string();
    let error: Error = match error {
        LimitError::TooMuch { what, .. } => over_limit(what, message),
        LimitError::FragmentCycle { .. } | LimitError::IntrospectionOff => coded(Code::ValidationFailed, message),
    };
    ServerError { extensions: error.extensions, ..ServerError::new(error.message, None) }
}
