//! HMAC-SHA256 (RFC 2104) and one block of HKDF (RFC 5869) for keys of a length known when this is compiled, so that nothing can fail.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, digest::Output};
use zeroize::{Zeroize, Zeroizing};

/// A block of SHA-256; shorter keys are filled up with zeros.
const BLOCK: usize = 64;

/// The code of all parts, one after another.
pub fn hmac_sha256<const N: usize>(key: &[u8; N], parts: &[&[u8]]) -> [u8; 32] {
    const { assert!(N <= BLOCK, "longer keys would be hashed first") };
    let mut block = Zeroizing::new([0; BLOCK]);
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    let mut code: Output<Sha256> = mac.finalize().into_bytes();
    let bytes = code.into();
    code.zeroize();
    bytes
}

/// 32 bytes of HKDF without salt; the info is `label` ‖ `value`.
pub(crate) fn hkdf_sha256<const N: usize>(key: &[u8; N], label: &[u8], value: &[u8]) -> Zeroizing<[u8; 32]> {
    let extracted = Zeroizing::new(hmac_sha256(&[0; 32], &[key]));
    Zeroizing::new(hmac_sha256(&extracted, &[label, value, &[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 1 and 2.
    #[test]
    fn the_hmac_examples_of_the_rfc() {
        let check = |code: [u8; 32], expected| assert_eq!(hex::encode(code), expected);
        check(
            hmac_sha256(&[0x0B; 20], &[b"Hi There"]),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        );
        check(
            hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
    }

    /// RFC 5869, test case 3: neither salt nor info; its first 32 bytes.
    #[test]
    fn the_hkdf_example_of_the_rfc() {
        let bytes = hkdf_sha256(&[0x0B; 22], b"", b"");
        assert_eq!(hex::encode(*bytes), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    }
}
