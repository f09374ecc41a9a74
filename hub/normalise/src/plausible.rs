use hub_model::{Calibration, Kind, Refusal, Value};

/// Adds the owner's offsets and drops what no sound device can report, and says why.
pub fn correct(values: Vec<Value>, calibration: Option<&Calibration>) -> (Vec<Value>, Vec<Refusal>) {
    let mut refusals = Vec::new();
    let mut plausible = values;
    plausible.retain_mut(|value| {
        let offset = calibration.and_then(|c| c.get(&(value.quantity, value.instance))).copied().unwrap_or(0);
        let sent = value.value;
        value.value = sent.saturating_add(offset);
        let refusal = refuse(value, sent);
        let is_plausible = refusal.is_none();
        refusals.extend(refusal);
        is_plausible
    });
    (plausible, refusals)
}

fn refuse(value: &Value, sent: i64) -> Option<Refusal> {
    let quantity = value.quantity;
    let range = if quantity.kind() == Kind::Binary { 0..=1 } else { quantity.plausible() };
    if range.contains(&value.value) {
        return None;
    }
    let unit = if quantity.unit().is_empty() { String::new() } else { format!(" {}", quantity.unit()) };
    let calibrated =
        if sent == value.value { String::new() } else { format!(" (sent as {}{unit})", quantity.display(sent)) };
    let detail = format!(
        "{} {} is {}{unit}{calibrated}; expected {} to {}{unit}",
        quantity.name(),
        value.instance,
        quantity.display(value.value),
        quantity.display(*range.start()),
        quantity.display(*range.end()),
    );
    Some(Refusal { code: "implausible", detail })
}

#[cfg(test)]
mod tests;
