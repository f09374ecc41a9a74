use wire::bthome::Address;

/// A legacy advert has no more (Core 5.4, volume 6, part B, 2.3.1.1).
const MAX_DATA: usize = 31;
/// AD type of service data with a 16-bit UUID (Assigned Numbers, 2.3).
const SERVICE_DATA_16: u8 = 0x16;
/// The same with a 128-bit UUID.
const SERVICE_DATA_128: u8 = 0x21;

/// Which of the advertising events whoever listens is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listening {
    /// Every one.
    Every,
    /// So many of each payload, from its first on, whether somebody may connect or not: what only repeats them tells
    /// nothing.
    First(u32),
}

/// An advert as it was sent once, on all three channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdvertisingPdu {
    /// When, in microseconds since the simulation began.
    pub at_us: u64,
    /// From which address, as people write it.
    pub from: Address,
    /// May somebody connect (`ADV_IND`), or not (`ADV_NONCONN_IND`)?
    pub is_connectable: bool,
    data: [u8; MAX_DATA],
    length: u8,
}

impl AdvertisingPdu {
    pub(super) const fn empty() -> Self {
        Self { at_us: 0, from: [0; 6], is_connectable: false, data: [0; MAX_DATA], length: 0 }
    }

    /// The parameters of `HCI_LE_Set_Advertising_Data`: how many bytes count, then 31; `false` when they are others.
    pub(super) fn set_data(&mut self, parameters: &[u8]) -> bool {
        match parameters.split_first() {
            Some((length, data)) if usize::from(*length) <= MAX_DATA && data.len() == MAX_DATA => {
                self.data.copy_from_slice(data);
                self.length = *length;
                true
            }
            _ => false,
        }
    }

    /// Does the same sender say the same again?
    pub(super) fn repeats(&self, other: &Self) -> bool {
        (self.from, self.length, self.data) == (other.from, other.length, other.data)
    }

    /// All AD structures, one after another.
    pub fn data(&self) -> &[u8] {
        self.data.get(..self.length.into()).unwrap_or_default()
    }

    /// The service data of a 16-bit UUID, without the UUID.
    pub fn service_data_16(&self, uuid: u16) -> Option<&[u8]> {
        self.structures().find_map(|(kind, data)| match kind {
            SERVICE_DATA_16 => data.strip_prefix(&uuid.to_le_bytes()),
            _ => None,
        })
    }

    /// The service data of a 128-bit UUID, without the UUID.
    pub fn service_data_128(&self, uuid: wire::gatt::Uuid) -> Option<&[u8]> {
        self.structures().find_map(|(kind, data)| match kind {
            SERVICE_DATA_128 => data.strip_prefix(&uuid.to_le_bytes()),
            _ => None,
        })
    }

    /// AD types and their data; where the bytes end too early, so do they.
    fn structures(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let mut rest = self.data();
        std::iter::from_fn(move || {
            let (length, more) = rest.split_first()?;
            let (structure, more) = more.split_at_checked((*length).into())?;
            rest = more;
            structure.split_first().map(|(kind, data)| (*kind, data))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pdu(data: &[u8]) -> AdvertisingPdu {
        let mut parameters = vec![data.len() as u8];
        parameters.extend(data);
        parameters.resize(32, 0);
        let mut pdu = AdvertisingPdu::empty();
        assert!(pdu.set_data(&parameters));
        pdu
    }

    #[test]
    fn service_data_is_found_by_its_uuid() {
        let advert = pdu(&[2, 1, 6, 5, 0x16, 0xD2, 0xFC, 0x40, 7]);
        assert_eq!(advert.service_data_16(0xFCD2), Some([0x40, 7].as_slice()));
        assert_eq!(advert.service_data_16(0x181C), None);
        assert_eq!(advert.service_data_128(wire::gatt::SERVICE), None);
        let mut long = vec![2, 1, 6, 18, 0x21];
        long.extend(wire::gatt::SERVICE.to_le_bytes());
        long.push(9);
        assert_eq!(pdu(&long).service_data_128(wire::gatt::SERVICE), Some([9].as_slice()));
    }

    #[test]
    fn what_ends_too_early_has_no_more_structures() {
        assert_eq!(pdu(&[2, 1]).structures().count(), 0);
        assert_eq!(pdu(&[2, 1, 6, 0, 9]).structures().count(), 1);
        assert!(!AdvertisingPdu::empty().set_data(&[32; 32]));
    }
}
