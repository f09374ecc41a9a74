use std::{fmt, str::FromStr};

use hub_model::Address;
use thiserror::Error;

/// Which adapter to listen with: the first one, one by name (`hci0`), or one by its address, which never changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AdapterName {
    /// The first that there is.
    #[default]
    First,
    /// By kernel name, which depends on the order in which adapters are found.
    Name(String),
    /// By its own address.
    Address(Address),
}

/// A text that names no adapter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not an adapter; expected a name such as \"hci0\" or an address such as \"B8:27:EB:00:11:22\"")]
pub struct ParseAdapterNameError {
    /// What was given.
    pub text: String,
}

impl AdapterName {
    /// Is this the adapter with that kernel name and address?
    pub(crate) fn is(&self, name: &str, address: Address) -> bool {
        match self {
            Self::First => true,
            Self::Name(wanted) => wanted == name,
            Self::Address(wanted) => *wanted == address,
        }
    }
}

impl FromStr for AdapterName {
    type Err = ParseAdapterNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        match text.strip_prefix("hci") {
            Some(number) if !number.is_empty() && number.len() < 4 && number.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Self::Name(text.to_owned()))
            }
            _ => Err(ParseAdapterNameError { text: text.chars().take(64).collect() }),
        }
    }
}

impl fmt::Display for AdapterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("the first adapter"),
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapter_is_named_by_kernel_name_or_address() {
        assert_eq!("hci0".parse(), Ok(AdapterName::Name("hci0".into())));
        assert!(matches!("B8:27:EB:00:11:22".parse(), Ok(AdapterName::Address(_))));
        for text in ["", "hci", "hci12345", "eth0", "hciX"] {
            let refused = text.parse::<AdapterName>().map_err(|e| e.to_string());
            assert!(refused.is_err_and(|e| e.contains("hci0")), "{text}");
        }
    }

    #[test]
    fn an_address_means_one_adapter_whatever_it_is_called_today() {
        let address = Address::new([0xB8, 0x27, 0xEB, 0, 0x11, 0x22]);
        assert!(AdapterName::Address(address).is("hci7", address));
        assert!(!AdapterName::Address(address).is("hci0", Address::new([0; 6])));
        assert!(AdapterName::Name("hci0".into()).is("hci0", address));
        assert!(AdapterName::First.is("hci3", address));
    }
}
