mod powerless;

use std::{io, sync::Arc};

use powerless::{Disk, Powerless};

use super::*;
use crate::signed::{Signed, trusted};

const FIRST: Signed = Signed::version([1, 0, 0, 0]);
const SECOND: Signed = Signed::version([2, 0, 0, 0]);
const THIRD: Signed = Signed { security_counter: 2, ..Signed::version([3, 0, 0, 0]) };

fn over(disk: &Arc<Disk>) -> Catalogue {
    Catalogue::over(Box::new(Powerless(Arc::clone(disk))), &trusted())
}

fn id(signed: Signed) -> ReleaseId {
    Image::verify(signed.file(), &trusted()).unwrap().release().id
}

fn ids(catalogue: &Catalogue) -> Vec<ReleaseId> {
    let listing = catalogue.list().unwrap();
    assert_eq!(listing.damaged, []);
    listing.releases.iter().map(|release| release.id).collect()
}

#[test]
fn what_is_added_is_listed_newest_first_opened_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::new(folder.path().join("store/firmware"), &trusted());
    assert_eq!(ids(&catalogue), []);
    assert!(matches!(catalogue.add(FIRST.file()), Ok(Added::New(_))));
    assert!(matches!(catalogue.add(SECOND.file()), Ok(Added::New(_))));
    assert!(matches!(catalogue.add(FIRST.file()), Ok(Added::Known(release)) if release.id == id(FIRST)));
    assert_eq!(ids(&catalogue), [id(SECOND), id(FIRST)]);
    assert_eq!(catalogue.open(id(FIRST)).unwrap().bytes(), FIRST.image());

    let other = Catalogue::new(folder.path().join("store/firmware"), &trusted());
    other.remove(id(FIRST)).unwrap();
    assert!(matches!(other.remove(id(FIRST)), Err(CatalogueError::Unknown { .. })));
    assert_eq!(ids(&catalogue), [id(SECOND)]);
    assert!(matches!(catalogue.open(id(FIRST)), Err(CatalogueError::Unknown { .. })));
    let names: Vec<_> = std::fs::read_dir(folder.path().join("store/firmware")).unwrap().collect();
    assert_eq!(names.len(), 2, "the release and the lock: {names:?}");
}

#[test]
fn a_version_is_one_program_and_a_counter_never_falls() {
    let disk = Arc::default();
    let catalogue = over(&disk);
    catalogue.add(THIRD.file()).unwrap();
    let same = Signed { length: 2000, ..THIRD };
    let message = catalogue.add(same.file()).unwrap_err().to_string();
    assert!(message.contains("version 3.0.0.0 already") && message.contains(&id(THIRD).to_string()), "{message}");
    let message = catalogue.add(SECOND.file()).unwrap_err().to_string();
    assert!(message.contains("security counter 1 is lower than the 2") && message.contains("3.0.0.0"), "{message}");
    // Other boards and other products have versions and counters of their own.
    catalogue.add(Signed { hardware_mask: 0b10, ..SECOND }.file()).unwrap();
    catalogue.add(Signed { product: 2, length: 2000, ..THIRD }.file()).unwrap();
    // Among images of one counter the owner may go back.
    catalogue.add(Signed { security_counter: 2, ..SECOND }.file()).unwrap();
    assert_eq!(ids(&catalogue).len(), 4);
}

#[test]
fn a_catalogue_has_an_end() {
    let catalogue = Catalogue { most: 2, ..over(&Arc::default()) };
    catalogue.add(FIRST.file()).unwrap();
    catalogue.add(SECOND.file()).unwrap();
    let message = catalogue.add(THIRD.file()).unwrap_err().to_string();
    assert_eq!(message, "the catalogue is full: 2 releases; remove one");
    assert!(matches!(catalogue.add(FIRST.file()), Ok(Added::Known(_))));
}

#[test]
fn what_is_not_verified_is_not_written() {
    let disk = Arc::default();
    let mut file = FIRST.file();
    file[2000] ^= 1;
    assert!(matches!(over(&disk).add(file), Err(AddError::Image(ImageError::Digest))));
    assert!(disk.operations() == 0 && disk.names().is_empty());
}

#[test]
fn rot_is_found_told_and_healed_by_the_same_release() {
    let length = FIRST.file().len();
    for at in (0..length).step_by(97) {
        let disk = Arc::default();
        let catalogue = over(&disk);
        catalogue.add(FIRST.file()).unwrap();
        disk.rot(&name(id(FIRST)), |bytes| bytes[at] ^= 0x20);
        assert!(matches!(catalogue.open(id(FIRST)), Err(CatalogueError::Damaged { .. })), "byte {at}");
        let listing = catalogue.list().unwrap();
        assert_eq!((listing.damaged.len(), listing.releases.len()), if at < 151 { (1, 0) } else { (0, 1) });
        let checked = catalogue.check().unwrap();
        assert_eq!((checked.damaged.len(), checked.releases.len()), (1, 0));
        assert!(matches!(catalogue.add(FIRST.file()), Ok(Added::New(_))), "byte {at}");
        assert_eq!(catalogue.open(id(FIRST)).unwrap().bytes(), FIRST.image());
    }
    let disk = Arc::default();
    let catalogue = over(&disk);
    catalogue.add(FIRST.file()).unwrap();
    disk.rot(&name(id(FIRST)), |bytes| bytes.truncate(1000));
    assert_eq!(catalogue.list().unwrap().damaged.len(), 1);
    disk.rot(&name(id(FIRST)), |bytes| *bytes = SECOND.file());
    let [damaged] = &catalogue.list().unwrap().damaged[..] else { panic!() };
    assert_eq!(damaged.why, Damage::Misnamed { found: id(SECOND) });
    assert!(catalogue.open(id(FIRST)).unwrap_err().to_string().contains(&id(FIRST).to_string()));
    catalogue.remove(id(FIRST)).unwrap();
    assert_eq!(ids(&catalogue), []);
}

#[test]
fn a_key_that_is_no_longer_trusted_takes_its_releases_with_it() {
    let disk = Arc::default();
    over(&disk).add(FIRST.file()).unwrap();
    let catalogue = Catalogue::over(Box::new(Powerless(Arc::clone(&disk))), &trusted()[1..]);
    assert_eq!(catalogue.list().unwrap().damaged.len(), 1);
    assert!(matches!(catalogue.open(id(FIRST)), Err(CatalogueError::Damaged { .. })));
}

#[test]
fn files_of_others_are_left_alone() {
    let disk = Arc::default();
    let catalogue = over(&disk);
    for name in ["notes.txt", "0123456789abcdef", ".update", "0123456789abcdeg.update", "incoming"] {
        Powerless(Arc::clone(&disk)).write(name, b"mine").unwrap();
    }
    catalogue.add(FIRST.file()).unwrap();
    assert_eq!(ids(&catalogue), [id(FIRST)]);
    assert_eq!(disk.names().len(), 5, "only `incoming` was overwritten and renamed");
}

#[test]
fn a_disk_that_fails_leaves_the_catalogue_as_it_was() {
    let failures = [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied];
    let mut failed = 0;
    for (at, kind) in (0..20).flat_map(|at| failures.map(|kind| (at, kind))) {
        let disk = Arc::default();
        let catalogue = over(&disk);
        catalogue.add(FIRST.file()).unwrap();
        disk.fail_at(disk.operations() + at, kind);
        let added = catalogue.add(SECOND.file());
        match added {
            Ok(_) => assert_eq!(ids(&catalogue), [id(SECOND), id(FIRST)]),
            Err(AddError::Catalogue(CatalogueError::Write(error))) => {
                failed += 1;
                assert_eq!(error.kind(), kind);
                assert!(ids(&catalogue).contains(&id(FIRST)));
                catalogue.add(SECOND.file()).unwrap();
                assert_eq!(ids(&catalogue), [id(SECOND), id(FIRST)]);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(failed, 12, "six operations of an addition can fail");
}

/// What is done when power fails.
#[derive(Debug, Clone, Copy)]
enum Act {
    Add(Signed),
    Remove(Signed),
}

impl Act {
    fn on(self, catalogue: &Catalogue) -> bool {
        match self {
            Self::Add(signed) => catalogue.add(signed.file()).is_ok(),
            Self::Remove(signed) => catalogue.remove(id(signed)).is_ok(),
        }
    }
}

#[test]
fn power_may_fail_at_any_time() {
    let mut cuts = 0;
    for (before, act) in [
        (vec![], Act::Add(FIRST)),
        (vec![FIRST], Act::Add(SECOND)),
        (vec![FIRST], Act::Add(FIRST)),
        (vec![FIRST, SECOND], Act::Remove(FIRST)),
    ] {
        for (at, luck) in (0..7).flat_map(|at| (0..64).step_by(3).map(move |luck| (at, luck))) {
            let disk = Arc::default();
            let catalogue = over(&disk);
            for signed in &before {
                catalogue.add(signed.file()).unwrap();
            }
            disk.cut_power(disk.operations() + at);
            let is_done = act.on(&catalogue);
            if !disk.is_off() {
                // What was answered survives the next cut, too.
                assert!(is_done);
            }
            cuts += u32::from(disk.is_off());
            disk.power_up(luck);

            let mut left = ids(&catalogue);
            for id in &left {
                catalogue.open(*id).unwrap();
            }
            left.sort();
            let mut kept: Vec<_> = before.iter().map(|signed| id(*signed)).collect();
            match act {
                Act::Add(signed) if is_done || left.contains(&id(signed)) => kept.push(id(signed)),
                Act::Remove(signed) if is_done || !left.contains(&id(signed)) => {
                    kept.retain(|kept| *kept != id(signed))
                }
                _ => {}
            }
            kept.sort();
            kept.dedup();
            assert_eq!(left, kept, "{act:?} cut at {at} with luck {luck}");
            // And it can be done again.
            act.on(&catalogue);
            let has = ids(&catalogue);
            assert!(match act {
                Act::Add(signed) => has.contains(&id(signed)),
                Act::Remove(signed) => !has.contains(&id(signed)),
            });
        }
    }
    assert!(cuts > 200, "{cuts} cuts");
}
