//! Exact decimals.

/// The steps of `10^exponent` that a text says, rounded half away from zero; `None` when it is no number or too great.
///
/// Digits with one decimal point, a sign, and `e` with an exponent are understood: what programs print.
pub(crate) fn parse(text: &str, exponent: i8) -> Option<i64> {
    let text = text.trim();
    let (mantissa, power) = match text.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok().filter(|power| power.abs() <= 40)?),
        None => (text, 0),
    };
    let (is_negative, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let mut number: i128 = 0;
    for digit in whole.chars().chain(part.chars()) {
        number = number.checked_mul(10)?.checked_add(i128::from(digit.to_digit(10)?))?;
    }
    let places = i32::try_from(part.len()).ok()?;
    let steps = scaled(number, power - places - i32::from(exponent))?;
    i64::try_from(if is_negative { -steps } else { steps }).ok()
}

/// `number × 10^power`, rounded half away from zero.
pub(crate) fn scaled(number: i128, power: i32) -> Option<i128> {
    let factor = 10_i128.checked_pow(power.unsigned_abs());
    if power >= 0 {
        return if number == 0 { Some(0) } else { number.checked_mul(factor?) };
    }
    // So small that nothing is left.
    let Some(divisor) = factor else { return Some(0) };
    let (quotient, rest) = (number / divisor, number % divisor);
    Some(if rest.abs() >= divisor - rest.abs() { quotient + number.signum() } else { quotient })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_print_is_read_exactly() {
        for (text, exponent, expected) in [
            ("21.5", -3, Some(21_500)),
            ("-0.005", -3, Some(-5)),
            ("+7", 0, Some(7)),
            (".5", -1, Some(5)),
            ("5.", -1, Some(50)),
            (" 1008.83 ", -2, Some(100_883)),
            ("1e3", 0, Some(1000)),
            ("2.15E1", -1, Some(215)),
            ("1.4999", 0, Some(1)),
            ("1.5", 0, Some(2)),
            ("-1.5", 0, Some(-2)),
            ("1e-40", -6, Some(0)),
            ("9223372036854775807", 0, Some(i64::MAX)),
            ("-9223372036854775808", 0, Some(i64::MIN)),
            ("9223372036854775808", 0, None),
            ("0.1234567890123456789012345678901234567", -6, Some(123_457)),
            ("1e40", 0, None),
            ("1e41", 0, None),
            ("", 0, None),
            (".", 0, None),
            ("-", 0, None),
            ("1.2.3", 0, None),
            ("1,5", 0, None),
            ("NaN", 0, None),
            ("inf", 0, None),
            ("٣", 0, None),
        ] {
            assert_eq!(parse(text, exponent), expected, "{text:?}");
        }
    }

    #[test]
    fn any_step_of_any_resolution_is_read_as_it_is_printed() {
        for quantity in hub_model::Quantity::ALL {
            for value in [i64::MIN, -1_234_567, -1, 0, 1, 10, 99_999_999_999, i64::MAX] {
                assert_eq!(parse(&quantity.display(value).to_string(), quantity.exponent()), Some(value));
            }
        }
    }
}
