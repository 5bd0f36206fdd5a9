//! `GET /`, its files, the client's bundles, and paths that there are not. A browser checks the page itself, in
//! tests/client/browser.
//!
//! The page must be in the binary, as `make test` builds it. Where it was left out on purpose, as where there is no npm,
//! `TEST_WITHOUT_PAGE=1` says so; then it must not be there.

use serde_json::json;

use crate::support::{http, on_both};

/// Where the client's bundles come from.
const BUNDLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/node_modules/socket.io-client/dist");

fn is_left_out() -> bool {
    std::env::var("TEST_WITHOUT_PAGE").is_ok_and(|value| value == "1")
}

/// The page's script; the page that is there instead has none.
fn script(page: &str) -> Option<&str> {
    page.split("src=\"").nth(1)?.split('"').next()
}

fn script_of_built_page(page: &str) -> &str {
    script(page).expect("the page is not in the binary: `make page`, then build anew; or TEST_WITHOUT_PAGE=1")
}

on_both! {
    async fn the_page_is_html_under_a_strict_policy(server: TestServer) {
        let page = http::get(server.address(), "/").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{policy}");
        if is_left_out() {
            assert_eq!(script(&page.body), None);
            assert!(page.body.contains("built without the web client"), "{}", page.body);
        } else {
            script_of_built_page(&page.body);
            assert!(!policy.contains("unsafe"), "{policy}");
        }
    }
}

on_both! {
    async fn the_viewer_of_the_rest_api_is_there_with_its_licences_or_says_that_it_is_left_out(server: TestServer) {
        let docs = http::get(server.address(), "/docs").await;
        assert_eq!((docs.status, docs.header("content-type")), (200, Some("text/html; charset=utf-8")));
        let policy = docs.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; ") && !policy.contains("http"), "{policy}");
        assert!(docs.body.contains("/api/v1/openapi.json"), "{}", docs.body);
        let files = ["/docs/rapidoc-min.js", "/docs/LICENSE.txt", "/docs/rapidoc-min.js.LICENSE.txt"];
        let expected = if is_left_out() { 404 } else { 200 };
        for file in files {
            assert_eq!(http::get(server.address(), file).await.status, expected, "{file}");
        }
        assert_eq!(script(&docs.body), (!is_left_out()).then_some(files[0]));
        assert_eq!(docs.body.contains("without the web client"), is_left_out());
        assert_eq!(http::get(server.address(), "/docs/nothing").await.status, 404);
    }
}

on_both! {
    async fn files_named_by_their_hash_are_cached_for_ever_and_others_revalidated(server: TestServer) {
        if is_left_out() {
            for path in ["/favicon.svg", "/manifest.webmanifest", "/sw.js"] {
                assert_eq!(http::get(server.address(), path).await.status, 404, "{path}");
            }
            return;
        }
        let page = http::get(server.address(), "/").await;
        let tag = page.header("etag").unwrap();
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        for (tags, status) in [(tag, 304), (&format!("\"old\", W/{tag}"), 304), ("\"old\"", 200)] {
            let again = http::request(server.address(), "GET", "/", &[("If-None-Match", tags)], "").await;
            assert_eq!((again.status, again.body.is_empty()), (status, status == 304), "{tags}");
        }

        let script = http::get(server.address(), script_of_built_page(&page.body)).await;
        assert_eq!(script.status, 200);
        assert!(script.header("content-type").unwrap().contains("javascript"), "{:?}", script.header("content-type"));
        assert!(script.header("cache-control").unwrap().contains("immutable"));
        let icon = http::get(server.address(), "/favicon.svg").await;
        assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/svg+xml")));
        let manifest = http::get(server.address(), "/manifest.webmanifest").await;
        assert_eq!(manifest.status, 200);
        // A worker that a cache kept would hold its page back after an upgrade.
        let worker = http::get(server.address(), "/sw.js").await;
        assert_eq!((worker.status, worker.header("cache-control")), (200, Some("no-cache")));
        assert!(worker.header("content-type").unwrap().contains("javascript"), "{:?}", worker.header("content-type"));
    }
}

on_both! {
    async fn the_clients_bundles_are_where_node_has_them(server: TestServer) {
        for name in ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js"] {
            for (name, media_type) in [
                (name.to_owned(), "application/javascript; charset=utf-8"),
                (format!("{name}.map"), "application/json"),
            ] {
                let bundle = http::get(server.address(), &format!("/socket.io/{name}")).await;
                if is_left_out() {
                    // A request of the protocol, and a wrong one.
                    assert_eq!(bundle.status, 400, "{name}");
                    continue;
                }
                assert_eq!((bundle.status, bundle.header("content-type")), (200, Some(media_type)), "{name}");
                let packaged = std::fs::read_to_string(format!("{BUNDLES}/{name}")).unwrap();
                assert!(bundle.body == packaged, "{name} is not as it is in the package");
            }
        }
        // As in Node, all else there is a request of the protocol, and a wrong one.
        for path in ["/socket.io/package.json", "/socket.io/..%2findex.html", "/socket.io/../index.html"] {
            let wrong = http::get(server.address(), path).await;
            assert_eq!((wrong.status, wrong.json()["message"].clone()), (400, json!("Transport unknown")), "{path}");
        }
        // The protocol is where it was.
        let engine = http::get(server.address(), "/socket.io/?EIO=4&transport=polling").await;
        assert!(engine.body.starts_with("0{"), "{}", engine.body);
    }
}

/// Decodes a body of this encoding as a browser would.
async fn decoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let decode = match encoding {
        "br" => "zlib.brotliDecompressSync",
        "gzip" => "zlib.gunzipSync",
        _ => return body.to_vec(),
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body");
    std::fs::write(&file, body).unwrap();
    let script = format!("process.stdout.write({decode}(fs.readFileSync(process.argv[1])))");
    let output =
        tokio::process::Command::new("node").args(["-e", &script]).arg(&file).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

on_both! {
    async fn files_are_sent_compressed_as_the_browser_takes_them(server: TestServer) {
        if is_left_out() {
            return;
        }
        let page = http::get(server.address(), "/").await;
        let script = script_of_built_page(&page.body).to_owned();
        for path in ["/", &script, "/socket.io/socket.io.min.js", "/socket.io/socket.io.js.map"] {
            let plain = http::get(server.address(), path).await;
            assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("Accept-Encoding")));
            let mut tags = vec![plain.header("etag").unwrap().to_owned()];
            for (accepted, encoding) in
                [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("gzip;q=0, br", "br"), ("br;q=0.1, gzip", "gzip")]
            {
                let accept = ("Accept-Encoding", accepted);
                let (sent, body) = http::request_bytes(server.address(), "GET", path, &[accept]).await;
                assert_eq!((sent.status, sent.header("content-encoding")), (200, Some(encoding)), "{path} {accepted}");
                assert_eq!(sent.header("vary"), Some("Accept-Encoding"));
                assert_eq!(sent.header("content-type"), plain.header("content-type"), "{path}");
                assert_eq!(sent.header("cache-control"), plain.header("cache-control"), "{path}");
                let length = plain.body.len();
                assert!(body.len() < length, "{path}: {} of {length}", body.len());
                assert!(decoded(encoding, &body).await == plain.body.as_bytes(), "{path} as {encoding}");

                let (head, none) = http::request_bytes(server.address(), "HEAD", path, &[accept]).await;
                assert_eq!((head.status, none.len()), (200, 0), "HEAD {path}");
                assert_eq!(head.header("content-length"), Some(body.len().to_string().as_str()), "HEAD {path}");
                assert_eq!(head.header("etag"), sent.header("etag"));

                let tag = sent.header("etag").unwrap();
                let known = [accept, ("If-None-Match", tag)];
                let (known, none) = http::request_bytes(server.address(), "GET", path, &known).await;
                assert_eq!((known.status, none.len(), known.header("vary")), (304, 0, Some("Accept-Encoding")));
                let other = [("Accept-Encoding", "identity"), ("If-None-Match", tag)];
                let (other, _) = http::request_bytes(server.address(), "GET", path, &other).await;
                assert_eq!(other.status, 200, "a tag of another encoding is not this one's");
                tags.push(tag.to_owned());
            }
            for refused in ["gzip;q=0", "identity", "deflate", "br;q=0, *;q=0"] {
                let (sent, body) =
                    http::request_bytes(server.address(), "GET", path, &[("Accept-Encoding", refused)]).await;
                assert_eq!((sent.status, sent.header("content-encoding")), (200, None), "{path} {refused}");
                assert!(body == plain.body.as_bytes(), "{path} {refused}");
            }
            tags.sort();
            tags.dedup();
            assert_eq!(tags.len(), 3, "{path}: {tags:?}");
        }
        let kept = http::get(server.address(), &script).await;
        assert_eq!(kept.header("cache-control"), Some("public, max-age=31536000, immutable"));
        // A compressed file has no address of its own.
        assert_eq!(http::get(server.address(), &format!("{script}.br")).await.status, 404);
        assert_eq!(http::get(server.address(), "/socket.io/socket.io.js.gz").await.status, 400);
    }
}

on_both! {
    async fn an_unknown_path_is_answered_at_once(server: TestServer) {
        for path in [
            "/nothing",
            "/healthz/deeper",
            "/..%2f..%2fetc/passwd",
            "//",
            "/socket.iox",
            "/assets/..%2findex.html",
            "/assets/nothing.js",
            "/demo",
        ] {
            let missing = http::get(server.address(), path).await;
            assert_eq!((missing.status, missing.json()), (404, json!({"title": "Not Found", "status": 404, "detail": "Not found", "code": "not_found"})));
        }
    }
}
