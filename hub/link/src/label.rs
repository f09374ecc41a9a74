use hub_model::RawAdvert;
use wire::{
    gatt,
    pairing_advert::PairingAdvert,
    setup_code::{SetupCode, SetupCodeError},
};

/// What the label of a sensor says: who it is, and how to prove that one has read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label(pub(crate) SetupCode);

impl Label {
    /// The label in the text of its QR code, spaces around it forgiven.
    ///
    /// # Errors
    /// [`SetupCodeError`]; it says what a person misread.
    pub fn parse(text: &str) -> Result<Self, SetupCodeError> {
        SetupCode::parse(text.trim()).map(Self)
    }

    /// The number that the sensor has for life.
    pub const fn uid(&self) -> u64 {
        u64::from_be_bytes(self.0.uid.0)
    }

    /// Is this advert of the sensor with this label, waiting to be paired?
    pub fn is_of(&self, advert: &RawAdvert) -> bool {
        let is_ours = |data: &[u8]| PairingAdvert::parse(data).is_ok_and(|advert| advert.is_of(&self.0.secret));
        let uuid = gatt::SERVICE.as_u128();
        advert.long_service_data.iter().any(|(id, data)| *id == uuid && is_ours(data))
    }

    /// Is an advert one of a sensor of ours, whosever, that waits to be paired?
    pub fn is_pairing_advert(advert: &RawAdvert) -> bool {
        let uuid = gatt::SERVICE.as_u128();
        advert.long_service_data.iter().any(|(id, data)| *id == uuid && PairingAdvert::parse(data).is_ok())
    }
}
