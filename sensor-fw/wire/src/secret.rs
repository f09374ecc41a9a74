//! What must not leak: fixed bytes that are wiped when dropped, compared in constant time and never printed.

/// Makes a newtype of a secret, so that two secrets of one length cannot be taken for each other.
macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Takes the bytes over; wipe the copy that you have.
            pub const fn new(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// The bytes, for what computes or stores with them.
            pub const fn expose(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(secret)"))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
            }
        }

        impl Eq for $name {}

        impl Drop for $name {
            fn drop(&mut self) {
                zeroize::Zeroize::zeroize(&mut self.0);
            }
        }

        impl zeroize::ZeroizeOnDrop for $name {}
    };
}

secret! {
    /// What the label of one sensor knows beside its public key: whoever has it may claim the sensor.
    SetupSecret, 16
}

secret! {
    /// What one sensor and its hub agreed on; every other key is derived from it and from an epoch.
    DeviceKey, 32
}

secret! {
    /// A key that both sides of a Noise handshake know beforehand.
    Psk, 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", SetupSecret::new([0xA5; 16])), "SetupSecret(secret)");
        assert_eq!(format!("{:?}", Some(DeviceKey::new([7; 32]))), "Some(DeviceKey(secret))");
    }

    #[test]
    fn secrets_are_equal_byte_by_byte() {
        let mut bytes = [1; 32];
        let key = Psk::new(bytes);
        assert_eq!(key, Psk::new(bytes));
        bytes[31] ^= 0x80;
        assert_ne!(key, Psk::new(bytes));
    }
}
