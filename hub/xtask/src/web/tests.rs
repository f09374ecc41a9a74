use super::*;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_page_is_stale_when_a_source_changes_and_not_when_a_test_does() {
    let folder = tempfile::tempdir().unwrap();
    let checkout = Checkout::at(folder.path());
    let stamp = || Stamp::of(&checkout, "page", "page", &sources(&folder.path().join("page")).unwrap()).unwrap();

    write(folder.path(), "page/src/App.svelte", "<p>");
    assert!(!stamp().is_current(), "it was never built");
    stamp().write().unwrap();
    for made in ["page/dist/index.html", "page/node_modules/a/b.js", "page/tests/home.page.ts"] {
        write(folder.path(), made, "new");
    }
    assert!(stamp().is_current());

    write(folder.path(), "page/src/App.svelte", "<b>");
    assert!(!stamp().is_current(), "a source has other bytes");
    stamp().write().unwrap();
    write(folder.path(), "page/src/Card.svelte", "");
    assert!(!stamp().is_current(), "there is one more source");
}
