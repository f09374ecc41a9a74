//! CRC-32 as in zip, PNG and Ethernet (ISO-HDLC): finds every error within 32 bits in a row.

/// The reversed polynomial.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// The checksum of all bytes. Without a table: what it guards is short.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_catalogue_s_check_value() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }
}
