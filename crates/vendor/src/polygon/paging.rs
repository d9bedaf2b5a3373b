//! From one page to the next.
//!
//! The vendor names the next page by an address of its own making: its path differs from the one
//! that was asked, its host can be the vendor's other name, and it never holds the key. Only its
//! path and query are kept, and only when the host is one that the key may go to; the request goes
//! to the address that the key was configured for.

use reqwest::Url;

/// The vendor's two names. They serve the same.
const HOSTS: [&str; 2] = ["api.massive.com", "api.polygon.io"];
/// The name of the key in an address. Never kept.
const KEY_PARAMETER: &str = "apikey";
/// Longest path and query that is followed. The vendor's have some three hundred bytes.
const MAX_CURSOR_BYTES: usize = 4096;
/// Most pages of one question. A chain of every expiry has some eighty.
pub(super) const MAX_PAGES: usize = 100;

/// Where the next page begins. Opaque; it never holds the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    path: String,
    query: Option<String>,
}

/// Why the vendor's address of the next page is not followed. The address itself is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("the address of the next page is no address")]
    NoAddress,
    #[error("the address of the next page is longer than {MAX_CURSOR_BYTES} bytes")]
    TooLong,
    #[error("the next page is at another host than the vendor's")]
    ForeignHost,
    #[error("the next page is the same as this one")]
    Same,
}

impl Cursor {
    /// The place that an address names, if the key may go there.
    pub(super) fn read(next_url: &str, base: &Url, current: &Url) -> Result<Self, Refused> {
        if next_url.len() > MAX_CURSOR_BYTES {
            return Err(Refused::TooLong);
        }
        let url = Url::parse(next_url).map_err(|_| Refused::NoAddress)?;
        if !is_allowed(&url, base) {
            return Err(Refused::ForeignHost);
        }
        let cursor = Self { path: url.path().to_owned(), query: without_key(&url) };
        if cursor.url(base) == *current {
            return Err(Refused::Same);
        }
        Ok(cursor)
    }

    /// The address to ask.
    pub(super) fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        url.set_path(&self.path);
        url.set_query(self.query.as_deref());
        url
    }
}

fn is_allowed(url: &Url, base: &Url) -> bool {
    let is_vendor = |url: &Url| {
        url.scheme() == "https"
            && url.port().is_none()
            && url.host_str().is_some_and(|host| HOSTS.contains(&host))
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    !has_user && (url.origin() == base.origin() || (is_vendor(url) && is_vendor(base)))
}

/// The query as the vendor wrote it, but for a key.
fn without_key(url: &Url) -> Option<String> {
    let is_key = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        name.eq_ignore_ascii_case(KEY_PARAMETER)
    };
    let query = url.query()?;
    let kept: Vec<_> = query.split('&').filter(|pair| !is_key(pair)).collect();
    Some(kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn the_vendor_may_name_either_host_and_the_request_goes_where_the_key_belongs() {
        let check = |base: &str, next: &str, expected: Result<&str, Refused>| {
            let base = url(base);
            let current = base.join("/v3/trades/SPY").unwrap();
            let found = Cursor::read(next, &base, &current);
            let found = found.map(|cursor| cursor.url(&base).to_string());
            assert_eq!(found, expected.map(str::to_owned), "{base} {next}");
        };
        let (massive, polygon) = ("https://api.massive.com", "https://api.polygon.io");
        let asked = "https://api.massive.com/v3/x?cursor=a%3D%3D&b=1";
        check(massive, asked, Ok(asked));
        check(massive, "https://api.polygon.io/v3/x?cursor=a%3D%3D&b=1", Ok(asked));
        check(polygon, asked, Ok("https://api.polygon.io/v3/x?cursor=a%3D%3D&b=1"));
        check(
            "http://127.0.0.1:9",
            "http://127.0.0.1:9/v3/x?c=1",
            Ok("http://127.0.0.1:9/v3/x?c=1"),
        );
        for foreign in [
            "https://evil.example/v3/x",
            "https://api.massive.com.evil.example/v3/x",
            "https://api.massive.com@evil.example/v3/x",
            "https://user@api.massive.com/v3/x",
            "http://api.massive.com/v3/x",
            "https://api.massive.com:444/v3/x",
            "http://127.0.0.1:9/v3/x",
            "file:///etc/passwd",
        ] {
            check(massive, foreign, Err(Refused::ForeignHost));
        }
        check("http://127.0.0.1:9", asked, Err(Refused::ForeignHost));
        check("http://127.0.0.1:9", "http://127.0.0.1:10/v3/x", Err(Refused::ForeignHost));
        check(massive, "not an address", Err(Refused::NoAddress));
        check(massive, &format!("{asked}{}", "x".repeat(5000)), Err(Refused::TooLong));
    }

    #[test]
    fn a_key_in_the_address_is_not_kept() {
        let base = url("https://api.massive.com");
        let next = "https://api.massive.com/v3/x?apiKey=secret&cursor=a&APIKEY=secret";
        let cursor = Cursor::read(next, &base, &base).unwrap();
        assert_eq!(cursor.url(&base).query(), Some("cursor=a"));
        assert!(!format!("{cursor:?}").contains("secret"));
    }

    #[test]
    fn a_page_that_names_itself_is_refused() {
        let base = url("https://api.massive.com");
        let current = url("https://api.massive.com/v3/x?cursor=a");
        let next = "https://api.polygon.io/v3/x?cursor=a";
        assert_eq!(Cursor::read(next, &base, &current), Err(Refused::Same));
    }
}
