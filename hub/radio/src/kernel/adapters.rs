//! Which adapters there are.

use std::io;

use hub_model::Address;

use crate::kernel::{
    control::{Control, ControlError},
    packet::{self, Info, Request},
};

/// An adapter that can do low energy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) index: u16,
    /// What the kernel calls it, such as `hci0`.
    pub(crate) name: String,
    pub(crate) address: Address,
}

/// The adapters that there are, by their index.
///
/// # Errors
/// When the channel is broken. What the kernel refuses to tell now is left out.
pub(crate) async fn adapters(control: &mut Control) -> io::Result<Vec<Present>> {
    let list = passing(control.ask(&Request::list(), &mut |_| {}).await)?;
    let mut indexes = list.and_then(|data| packet::indexes(&data)).unwrap_or_default();
    indexes.sort_unstable();
    let mut present = Vec::new();
    for index in indexes {
        let data = passing(control.ask(&Request::info(index), &mut |_| {}).await)?;
        let info = data.and_then(|data| Info::parse(&data)).filter(|info| info.supported.is_low_energy());
        present.extend(info.map(|Info { address, .. }| Present { index, name: format!("hci{index}"), address }));
    }
    Ok(present)
}

fn passing(answer: Result<Vec<u8>, ControlError>) -> io::Result<Option<Vec<u8>>> {
    match answer {
        Ok(data) => Ok(Some(data)),
        Err(ControlError::Channel(error)) => Err(error),
        Err(_refused) => Ok(None),
    }
}
