use hub_model::{
    Address, BootId, DeadBand, EstimatedSpan, FirmwareVersion, Had, Name, Quantity, RoomId, SampleHint, SensorKey,
    SensorSettings, Stamp, UnixMillis, Wishes,
};

use super::*;

const ID: DeviceId = DeviceId::from_u64(0xC0FF_EE00_0001);

fn claim() -> Claim {
    Claim {
        uid: 0x0123_4567_89AB_CDEF,
        product: 7,
        hardware: 2,
        firmware: FirmwareVersion([1, 2, 3, 4]),
        address: Address::new([0xC0, 0xFF, 0xEE, 0, 0, 1]),
        is_random: true,
        key: SensorKey::new([9; 32]),
        key_epoch: 3,
        next_key: Some(SensorKey::new([8; 32])),
        owner_epoch: 2,
        is_proven: true,
        is_leaving: false,
        desired: SensorSettings {
            revision: 5,
            advert_interval_ms: 5000,
            tx_power_dbm: -4,
            heartbeat_s: 300,
            sampling_s: 60,
            window_every_s: 600,
            bands: vec![DeadBand { quantity: Quantity::Temperature, steps: 200 }],
        },
        wishes: Wishes { name: Some(Name::parse("Bath").unwrap()), room: Some(RoomId(4)) },
        since: UnixMillis(1_795_219_200_000),
    }
}

#[test]
fn a_claim_is_there_after_a_restart_and_gone_after_its_removal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.redb");
    let mut registry = Registry::open(&path).unwrap();
    registry.put_claim(ID, claim()).unwrap();
    drop(registry);

    let mut registry = Registry::open(&path).unwrap();
    assert_eq!(registry.claims().get(&ID).map(Arc::as_ref), Some(&claim()));
    registry.remove_claim(ID).unwrap();
    drop(registry);
    assert!(Registry::open(&path).unwrap().claims().is_empty());
}

#[test]
fn the_place_in_a_log_is_kept_with_the_event_that_it_counts() {
    let mut registry = Registry::in_memory().unwrap();
    assert_eq!(registry.log_places().unwrap(), (BTreeMap::new(), Seq(0)));
    let had = vec![Had { hint: SampleHint(0x1234), at: Stamp { boot: BootId(2), ms: 7 } }];
    let place = LogPlace { next: (3, 99), had, last_at: Some(Stamp { boot: BootId(3), ms: 8 }) };
    let anchors = [Anchor { boot: 3, uptime_s: 60, at: UnixMillis(1) }];
    registry.put_log_places([(ID, place.clone(), &anchors[..])], &BTreeMap::new(), Seq(41)).unwrap();
    let (places, seq) = registry.log_places().unwrap();
    assert_eq!((places.get(&ID), seq), (Some(&(place, anchors.to_vec())), Seq(41)));
    registry.remove_claim(ID).unwrap();
    assert!(registry.log_places().unwrap().0.is_empty());
}

#[test]
fn estimated_times_are_kept_until_the_past_is_forgotten() {
    let mut registry = Registry::in_memory().unwrap();
    let span = |from, to| EstimatedSpan { from: UnixMillis(from), to: UnixMillis(to) };
    for (new, all) in [(span(-5, 9), span(-5, 9)), (span(9, 60_000), span(-5, 60_000))] {
        registry.put_log_places([], &BTreeMap::from([(ID, Estimates::from_iter([new]))]), Seq(41)).unwrap();
        assert_eq!(registry.estimates(ID).unwrap().spans(), [all]);
    }
    registry.put_log_places([], &BTreeMap::new(), Seq(42)).unwrap();
    registry.remove_claim(ID).unwrap();
    assert_eq!(registry.estimates(ID).unwrap().spans(), [span(-5, 60_000)]);
    registry.forget_estimates(ID).unwrap();
    assert!(registry.estimates(ID).unwrap().spans().is_empty());
}

#[test]
fn the_hub_is_itself_for_life() {
    let mut registry = Registry::in_memory().unwrap();
    assert_eq!(registry.identity::<80>().unwrap(), None);
    registry.put_identity(&[1; 80]).unwrap();
    assert_eq!(registry.identity().unwrap(), Some([1; 80]));
    let error = registry.identity::<79>().unwrap_err();
    assert!(matches!(error, RegistryError::Damaged { table: "identity", .. }), "{error:?}");
}

#[test]
fn rollouts_are_kept_all_or_none() {
    let mut registry = Registry::in_memory().unwrap();
    for kept in [vec![], vec![vec![1, 2], vec![3]], vec![vec![4]]] {
        registry.put_rollouts(&kept).unwrap();
        assert_eq!(registry.rollouts().unwrap(), kept);
    }
}

#[test]
fn a_file_of_before_there_were_claims_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.redb");
    drop(Registry::open(&path).unwrap());
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.delete_table(CLAIMS).unwrap();
    transaction.delete_table(LOGS).unwrap();
    transaction.delete_table(IDENTITY).unwrap();
    transaction.delete_table(ROLLOUTS).unwrap();
    transaction.delete_table(ESTIMATES).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let mut registry = Registry::open(&path).unwrap();
    registry.put_claim(ID, claim()).unwrap();
    assert_eq!(registry.claims().len(), 1);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the files of version 1 hold. These bytes never change; a new version adds some.
#[test]
fn records_have_the_bytes_that_they_always_had() {
    let bytes = record::write("claim", &ClaimRecord::from(&claim())).unwrap();
    let keys = format!("{}0301{}", "09".repeat(32), "08".repeat(32));
    let expected = format!(
        "01ef9bafcdf8acd19101070201020304c0ffee000001{}{keys}020100058827fcac023cd8040101c801010442617468010480e0b8b6bf68",
        "01"
    );
    assert_eq!(hex(&bytes), expected);
    assert_eq!(record::read("claim", ID, &bytes, ClaimRecord::claim).unwrap(), claim());

    let span = EstimatedSpan { from: UnixMillis(1_790_000_000_000), to: UnixMillis(1_790_000_060_000) };
    let estimates = Estimates::from_iter([span]);
    let bytes = record::write("estimated times", &EstimatesRecord::new(&estimates)).unwrap();
    assert_eq!(hex(&bytes), "010180b083c59868c0d98ac59868");
    let read = |record: EstimatesRecord| Ok(record.estimates());
    assert_eq!(record::read("estimated times", ID, &bytes, read).unwrap(), estimates);
}
