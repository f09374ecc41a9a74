//! TLS 1.3 between two boxes that know each other: the hub shows a bare public key (RFC 7250), the receiver compares it with the
//! pin of its join code. No certificate, so nothing that expires on a machine without a clock.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        CertificateError, ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme,
        client::{
            Resumption,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        },
        crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key},
        pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime},
        server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage},
        sign::CertifiedKey,
        version::TLS13,
    },
};

/// What both ends call the protocol in the handshake.
const PROTOCOL: &[u8] = b"ingle-receive/1";
/// What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410, section 7).
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// The key that a hub shows to its receivers.
#[derive(Clone)]
pub struct HubKey {
    certified: Arc<CertifiedKey>,
    pin: [u8; 32],
}

/// A key or a configuration that the library refuses.
#[derive(Debug, Error)]
#[error("TLS cannot be set up")]
pub struct TlsError(#[from] Error);

impl HubKey {
    /// The Ed25519 key of this seed.
    ///
    /// # Errors
    /// When the library refuses it.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, TlsError> {
        let der = PrivatePkcs8KeyDer::from([&PKCS8_HEAD[..], seed].concat());
        let key = ring::sign::any_eddsa_type(&der)?;
        let public = key.public_key().ok_or_else(|| Error::General("a key without a public half".to_owned()))?.to_vec();
        let pin = Sha256::digest(&public).into();
        Ok(Self { certified: Arc::new(CertifiedKey::new(vec![CertificateDer::from(public)], key)), pin })
    }

    /// SHA-256 over its public half, by which receivers know it.
    pub const fn pin(&self) -> [u8; 32] {
        self.pin
    }

    /// The hub's end.
    ///
    /// # Errors
    /// When the library refuses the configuration.
    pub fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13])?;
        let resolver = AlwaysResolvesServerRawPublicKeys::new(Arc::clone(&self.certified));
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(resolver));
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        // Every link is a handshake of its own: nothing of an old one opens a new one.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// The receiver's end: the hub is the one with this pin, or nobody.
///
/// # Errors
/// When the library refuses the configuration.
pub fn connector(pin: [u8; 32]) -> Result<TlsConnector, TlsError> {
    let provider = provider();
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13])?;
    let verifier = Arc::new(Pinned { pin, algorithms });
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The name that the handshake needs and nobody looks at: the pin says who the hub is.
pub(crate) fn server_name() -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from("hub.invalid").map_err(|_| TlsError(Error::General("a name is no name".to_owned())))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Takes the one public key for the hub's whose hash is the pin.
#[derive(Debug)]
struct Pinned {
    pin: [u8; 32],
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let is_hub = Sha256::digest(end_entity).as_slice().ct_eq(&self.pin);
        if bool::from(is_hub) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(key.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
