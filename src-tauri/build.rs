fn main() {
    tauri_build::try_build(
        tauri_build::Attributes::new()
            .capabilities_path_pattern("./src-tauri/capabilities/*.json")
            .app_manifest(tauri_build::AppManifest::new().commands(&["rpc", "subscribe"])),
    )
    .expect("the Tauri build script reads tauri.conf.json and src-tauri/capabilities");
}
