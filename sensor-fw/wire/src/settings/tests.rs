use proptest::prelude::*;

use super::*;

prop_compose! {
    /// Settings that a sensor takes.
    pub(crate) fn settings()(
        revision: u8, advert_interval_ms in 100_u16..=10_240, tx_power_dbm in -40_i8..=8, heartbeat_s in 10_u16..=3600,
        sampling_s in 1_u16..=3600, window_every_s in prop_oneof![Just(0), 60_u16..=43_200],
        bands in prop::collection::btree_map(any::<u16>(), 1_u32.., 0..=MAX_BANDS),
    ) -> Settings {
        let bands: Vec<Band> = bands.into_iter().map(|(code, steps)| Band { code, steps }).collect();
        let bands = Bands::new(&bands).unwrap();
        Settings { revision, advert_interval_ms, tx_power_dbm, heartbeat_s, sampling_s, window_every_s, bands }
    }
}

fn with_bands(bands: &[Band]) -> Settings {
    Settings { bands: Bands::new(bands).unwrap(), ..Settings::DEFAULT }
}

fn bytes(settings: &Settings) -> Vec<u8> {
    let mut buffer = [0; Settings::MAX_LENGTH];
    let length = settings.write(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

#[test]
fn each_end_of_each_range_is_taken_and_what_is_beyond_is_refused_by_name() {
    let refused = |change: &dyn Fn(&mut Settings), words: &str| {
        let mut settings = Settings::DEFAULT;
        change(&mut settings);
        let error = Settings::parse(&bytes(&settings)).unwrap_err();
        assert_eq!(error.to_string(), words);
        assert_eq!(settings.check(|_| true), Err(error));
    };
    refused(&|it| it.advert_interval_ms = 99, "advert interval of 99 ms, 100 to 10240 are possible");
    refused(&|it| it.advert_interval_ms = 10_241, "advert interval of 10241 ms, 100 to 10240 are possible");
    refused(&|it| it.tx_power_dbm = -41, "transmit power of -41 dBm, -40 to 8 are possible");
    refused(&|it| it.tx_power_dbm = 9, "transmit power of 9 dBm, -40 to 8 are possible");
    refused(&|it| it.heartbeat_s = 9, "heartbeat of 9 s, 10 to 3600 are possible");
    refused(&|it| it.heartbeat_s = 3601, "heartbeat of 3601 s, 10 to 3600 are possible");
    refused(&|it| it.sampling_s = 0, "time between samples of 0 s, 1 to 3600 are possible");
    refused(&|it| it.window_every_s = 59, "time between windows of 59 s, 60 to 43200 are possible");
    refused(&|it| it.window_every_s = 43_201, "time between windows of 43201 s, 60 to 43200 are possible");
    let with = |bands: &[Band]| Settings::parse(&bytes(&with_bands(bands)));
    let error = with(&[Band { code: 1, steps: 0 }]).unwrap_err();
    assert_eq!(error.to_string(), "dead-band of 0 steps, 1 to 4294967295 are possible");
    assert_eq!(with(&[Band { code: 3, steps: 1 }; 2]), Err(SettingsError::Quantity { code: 3 }));
    assert_eq!(Bands::new(&[Band { code: 0, steps: 1 }; MAX_BANDS + 1]), None);
}

#[test]
fn settings_of_another_version_are_refused_whatever_else_they_say() {
    for version in [0, 2, 255] {
        let mut newer = bytes(&Settings::DEFAULT);
        newer[0] = version;
        assert_eq!(Settings::parse(&newer).unwrap_err().setting(), Some(Setting::Version));
    }
}

#[test]
fn a_dead_band_is_for_something_that_the_sensor_measures() {
    let settings = with_bands(&[Band { code: 0, steps: 100 }, Band { code: 9, steps: 5 }]);
    assert_eq!(settings.check(|code| code == 0), Err(SettingsError::Quantity { code: 9 }));
    assert_eq!(settings.check(|code| code < 10), Ok(()));
    assert_eq!((settings.band(9), settings.band(1)), (Some(5), None));
}

#[test]
fn settings_have_numbers_and_names() {
    for setting in Setting::ALL {
        assert_eq!(Setting::of_code(setting as u8), Some(setting));
        assert!(!setting.to_string().is_empty());
    }
    assert_eq!(Setting::of_code(9), None);
}

proptest! {
    #[test]
    fn settings_are_read_as_they_were_written(settings in settings(), newer in prop::collection::vec(any::<u8>(), 0..9)) {
        prop_assert_eq!(Settings::parse(&[bytes(&settings), newer].concat()), Ok(settings));
    }

    #[test]
    fn what_is_read_is_in_its_ranges(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
        if let Ok(settings) = Settings::parse(&bytes) {
            prop_assert_eq!(settings.check(|_| true), Ok(()));
        }
    }

    #[test]
    fn settings_cut_short_are_noticed(settings in settings(), cut: prop::sample::Index) {
        let whole = bytes(&settings);
        let short = &whole[..cut.index(whole.len())];
        prop_assert!(matches!(Settings::parse(short), Err(SettingsError::Short(_))));
    }
}
