use api_graphql::{Code, Limits};
use async_graphql::{
    Name, Positioned, Request, Value, Variables,
    parser::{
        Error as ParseError, parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection},
    },
};
use axum::http::StatusCode;

use super::parameters::Parameters;
use crate::refusal::Refusal;

/// A parsed operation, ready for the schema.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) kind: OperationType,
    pub(crate) request: Request,
}

impl Operation {
    /// Parses the document and finds out which operation is meant.
    ///
    /// `resume_after` is the cursor of the last frame that a client got before its stream broke: a subscription to
    /// `events` goes on after it, whatever its `after` argument says.
    pub(crate) fn parse(parameters: Parameters, resume_after: Option<&str>) -> Result<Self, Refusal> {
        let Parameters { query, operation_name, mut variables } = parameters;
        // Before the parser sees it: how deep it recurses must not be for a stranger to say.
        Limits::default().check(&query).map_err(|error| refused(Code::LimitExceeded, error.to_string()))?;
        let mut document = parse_query(&query).map_err(|error| not_graphql(&error))?;
        let operation = find(&mut document, operation_name.as_deref())?;
        let kind = operation.ty;
        if let (OperationType::Subscription, Some(cursor)) = (kind, resume_after) {
            resume(operation, &mut variables, cursor);
        }
        check_variables(operation, &variables)?;
        let mut request = Request::new(query).variables(variables);
        request.operation_name = operation_name;
        request.set_parsed_query(document);
        Ok(Self { kind, request })
    }
}

fn find<'d>(document: &'d mut ExecutableDocument, name: Option<&str>) -> Result<&'d mut OperationDefinition, Refusal> {
    let found = match (&mut document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get_mut(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values_mut().next(),
        (DocumentOperations::Multiple(_), None) => None,
    };
    let reason = || match name {
        Some(name) => format!("the document has no operation {name:?}"),
        None => "the document has several operations; \"operationName\" must say which one".to_owned(),
    };
    found.map(|operation| &mut operation.node).ok_or_else(|| refused(Code::OperationUnresolved, reason()))
}

/// Refuses an operation that lacks a variable which it must have: by the specification (§6.1.2) nothing of it is
/// executed then, while the executor would find out on its way.
fn check_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), Refusal> {
    for Positioned { node: variable, pos } in &operation.variable_definitions {
        let name = &variable.name.node;
        let has_default = variable.default_value.is_some();
        let is_wrong = match variables.get(name) {
            None => !has_default,
            Some(value) => *value == Value::Null,
        };
        if is_wrong && !variable.var_type.node.nullable {
            let message = format!("the variable ${name} of type {} is missing or null", variable.var_type.node);
            return Err(refused(Code::BadUserInput, message).at(vec![(pos.line, pos.column)]));
        }
    }
    Ok(())
}

/// Sets the argument `after` of each root field `events`: through its variable where it is one, else in the document.
fn resume(operation: &mut OperationDefinition, variables: &mut Variables, cursor: &str) {
    let cursor = Value::from(cursor);
    for selection in &mut operation.selection_set.node.items {
        let Selection::Field(field) = &mut selection.node else { continue };
        if field.node.name.node != "events" {
            continue;
        }
        let pos = field.pos;
        let arguments = &mut field.node.arguments;
        match arguments.iter_mut().find(|(name, _)| name.node == "after") {
            Some((_, value)) => match value.node.to_string().strip_prefix('$') {
                Some(variable) => drop(variables.insert(Name::new(variable), cursor.clone())),
                None => value.node = cursor.clone().into_value(),
            },
            None => {
                let value = Positioned::new(cursor.clone().into_value(), pos);
                arguments.push((Positioned::new(Name::new("after"), pos), value));
            }
        }
    }
}

/// A document that is refused before it is executed.
fn refused(code: Code, message: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, code.name(), message)
}

fn not_graphql(error: &ParseError) -> Refusal {
    let positions = error.positions().map(|pos| (pos.line, pos.column)).collect();
    refused(Code::ParseFailed, error.to_string()).at(positions)
}
