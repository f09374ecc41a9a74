use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, InputType, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};

/// A list of many plain values, which is written down at once.
///
/// A `Vec` asks every element as if it were an object with fields: a day of readings then takes longer than all else
/// that a question costs.
pub(crate) struct Column<T>(Vec<T>);

impl<T> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<T: InputType + OutputType> OutputType for Column<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T> as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Vec<T> as OutputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::List(self.0.iter().map(InputType::to_value).collect()))
    }
}
