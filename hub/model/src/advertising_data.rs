/// What an advert says, by kind (Core Specification Supplement 12, part A; numbers from Assigned Numbers, 2.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AdvertisingData {
    /// The complete or shortened local name (0x09, 0x08).
    pub name: Option<String>,
    /// Service data by 16-bit UUID (0x16), in the order of the advert.
    pub service_data: Vec<(u16, Vec<u8>)>,
    /// Service data by 128-bit UUID (0x21).
    pub long_service_data: Vec<(u128, Vec<u8>)>,
    /// Manufacturer data by company identifier (0xFF).
    pub manufacturer_data: Vec<(u16, Vec<u8>)>,
}

const SHORTENED_NAME: u8 = 0x08;
const COMPLETE_NAME: u8 = 0x09;
const SERVICE_DATA_16: u8 = 0x16;
const SERVICE_DATA_128: u8 = 0x21;
const MANUFACTURER_DATA: u8 = 0xFF;

impl AdvertisingData {
    /// Reads AD structures: a byte of length, a byte of type, the rest. Whatever comes after one that is cut off, or
    /// after a length of 0 (early termination), is left out, as the specification wants (Core 5.4, volume 3, part C, 11).
    pub fn parse(mut bytes: &[u8]) -> Self {
        let mut data = Self::default();
        while let Some((length, rest)) = bytes.split_first() {
            let Some((structure, rest)) = rest.split_at_checked(usize::from(*length)) else { break };
            let Some((kind, value)) = structure.split_first() else { break };
            data.add(*kind, value);
            bytes = rest;
        }
        data
    }

    fn add(&mut self, kind: u8, value: &[u8]) {
        match kind {
            COMPLETE_NAME => self.name = Some(text(value)),
            SHORTENED_NAME if self.name.is_none() => self.name = Some(text(value)),
            SERVICE_DATA_16 => self.service_data.extend(keyed(value, u16::from_le_bytes)),
            SERVICE_DATA_128 => self.long_service_data.extend(keyed(value, u128::from_le_bytes)),
            MANUFACTURER_DATA => self.manufacturer_data.extend(keyed(value, u16::from_le_bytes)),
            _ => {}
        }
    }
}

/// A number in little-endian, and the bytes after it.
fn keyed<K, const N: usize>(value: &[u8], key: impl Fn([u8; N]) -> K) -> Option<(K, Vec<u8>)> {
    let (head, rest) = value.split_first_chunk()?;
    Some((key(*head), rest.to_vec()))
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_end_matches('\0').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn structures_are_read_by_kind_and_unknown_ones_are_passed_over() {
        // Flags, a BTHome frame, a company, a name: the example of bthome.io's page with more around it.
        let bytes = [
            &[0x02, 0x01, 0x06][..],
            &[0x0A, 0x16, 0xD2, 0xFC, 0x40, 0x02, 0xC4, 0x09, 0x03, 0xBF, 0x13],
            &[0x05, 0xFF, 0x99, 0x04, 0x05, 0x12],
            &[0x04, 0x08, b'D', b'I', b'Y'],
            &[0x07, 0x09, b'D', b'I', b'Y', b'-', 0xC3, 0xA4],
        ]
        .concat();
        let data = AdvertisingData::parse(&bytes);
        assert_eq!(data.service_data, [(0xFCD2, vec![0x40, 0x02, 0xC4, 0x09, 0x03, 0xBF, 0x13])]);
        assert_eq!(data.manufacturer_data, [(0x0499, vec![0x05, 0x12])]);
        assert_eq!(data.name.as_deref(), Some("DIY-ä"));
    }

    #[test]
    fn a_long_uuid_is_read_least_significant_byte_first() {
        let uuid = 0x9473_EF6E_5327_4261_8FDB_16A3_9352_CB82_u128;
        let bytes = [&[0x13, 0x21][..], &uuid.to_le_bytes(), &[7, 8]].concat();
        assert_eq!(AdvertisingData::parse(&bytes).long_service_data, [(uuid, vec![7, 8])]);
    }

    #[test]
    fn what_is_cut_off_or_ended_early_is_left_out() {
        let whole = AdvertisingData::parse(&[0x03, 0x16, 0xD2, 0xFC]);
        assert_eq!(whole.service_data, [(0xFCD2, vec![])]);
        for tail in [&[0x05, 0x16, 1][..], &[0x00, 0x03, 0x16, 1, 2], &[0x02, 0x16, 1], &[0x01, 0x16], &[0x09]] {
            let bytes = [&[0x03, 0x16, 0xD2, 0xFC][..], tail].concat();
            assert_eq!(AdvertisingData::parse(&bytes), whole, "{tail:x?}");
        }
    }

    #[test]
    fn a_complete_name_is_better_than_a_shortened_one_in_any_order() {
        let (short, long) = ([0x02, 0x08, b'a'], [0x03, 0x09, b'a', b'b']);
        for bytes in [[&short[..], &long].concat(), [&long[..], &short].concat()] {
            assert_eq!(AdvertisingData::parse(&bytes).name.as_deref(), Some("ab"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_and_nothing_is_made_up(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let data = AdvertisingData::parse(&bytes);
            let sizes = |sizes: &mut dyn Iterator<Item = usize>| sizes.sum::<usize>();
            let short = sizes(&mut data.service_data.iter().chain(&data.manufacturer_data).map(|(_, value)| value.len()));
            let long = sizes(&mut data.long_service_data.iter().map(|(_, value)| value.len()));
            prop_assert!(short + long <= bytes.len());
        }
    }
}
