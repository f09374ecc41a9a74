use std::{borrow::Cow, sync::LazyLock};

use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, Name, OutputType, Positioned, ServerResult,
    Value,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{Deprecation, MetaEnumValue, MetaType, MetaTypeId, Registry},
};
use hub_model::Kind;

/// What is measured, as a GraphQL enum made from the one table of quantities: a new row there is a new value here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Quantity(pub(crate) hub_model::Quantity);

/// The values by their GraphQL name: the quantity's name in capitals.
static NAMES: LazyLock<Vec<(String, hub_model::Quantity)>> =
    LazyLock::new(|| hub_model::Quantity::ALL.iter().map(|quantity| (graphql_name(*quantity), *quantity)).collect());

fn graphql_name(quantity: hub_model::Quantity) -> String {
    quantity.name().to_ascii_uppercase()
}

/// What one value of a quantity means: label, unit, resolution, plausible range.
fn describe(quantity: hub_model::Quantity) -> String {
    let label = quantity.label();
    if quantity.kind() == Kind::Binary {
        return format!("{label}: 0 or 1.");
    }
    let unit = if quantity.unit().is_empty() { String::new() } else { format!(" {}", quantity.unit()) };
    let plausible = quantity.plausible();
    let (least, greatest) = (quantity.display(*plausible.start()), quantity.display(*plausible.end()));
    let total = if quantity.kind() == Kind::Total { ", a total that only grows until it is reset" } else { "" };
    format!("{label}{total}: resolution {}{unit}, plausible from {least} to {greatest}{unit}.", quantity.display(1),)
}

fn meta(rust_typename: &'static str) -> MetaType {
    let values = NAMES.iter().map(|(name, quantity)| {
        let value = MetaEnumValue {
            name: name.clone(),
            description: Some(describe(*quantity)),
            deprecation: Deprecation::NoDeprecated,
            visible: None,
            inaccessible: false,
            tags: vec![],
            directive_invocations: vec![],
        };
        (name.clone(), value)
    });
    MetaType::Enum {
        name: "Quantity".into(),
        description: Some("What a sensor measures, each in its one unit. New ones may be added.".into()),
        enum_values: values.collect::<IndexMap<_, _>>(),
        visible: None,
        inaccessible: false,
        tags: vec![],
        rust_typename: Some(rust_typename),
        directive_invocations: vec![],
        requires_scopes: vec![],
    }
}

impl InputType for Quantity {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::Enum, |_| meta(std::any::type_name::<Self>()))
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let name = match &value {
            Value::Enum(name) => name.as_str(),
            Value::String(name) => name,
            _ => return Err(InputValueError::expected_type(value)),
        };
        let found = NAMES.iter().find(|(known, _)| known == name);
        found
            .map(|(_, quantity)| Self(*quantity))
            .ok_or_else(|| InputValueError::custom(format!("there is no quantity {name:?}")))
    }

    fn to_value(&self) -> Value {
        Value::Enum(Name::new(graphql_name(self.0)))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl OutputType for Quantity {
    fn type_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, |_| meta(std::any::type_name::<Self>()))
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(InputType::to_value(self))
    }
}
