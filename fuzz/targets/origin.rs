//! Origins, addresses to go back to, and paths: what is taken is what a browser makes of it too.

use lucid_auth::domain::{
    handover::{Code, State},
    origin::Origin,
    redirect::{Address, Location, Path, ReturnTo, Sites},
};
use url::Url;

pub fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(origin) = text.parse::<Origin>() {
        let shown = origin.to_string();
        assert_eq!(shown.parse(), Ok(origin.clone()), "{text}");
        assert!(shown.is_ascii() && !shown.contains(['@', '?', '#', '\\', ' ']), "{shown}");
        // A browser that is led there is at this origin and no other. What stands for letters of other scripts is judged by
        // tables that change, and an IPv6 address has several texts.
        if !shown.contains("xn--") {
            let url = Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let known = url.origin().ascii_serialization();
            assert!(known == shown || shown.contains('['), "{text} is {known}, not {shown}");
            assert!(url.path() == "/" && url.query().is_none() && url.username().is_empty(), "{text}");
        }
    }
    let own: Origin = "https://auth.example.org".parse().unwrap();
    let others: [Origin; 2] =
        ["https://app.example.org".parse().unwrap(), "http://pi.local:81".parse().unwrap()];
    let sites = Sites { own: &own, others: &others };
    if let Ok(path) = text.parse::<Path>()
        && let Ok(to) = sites.hosted(&own, path)
    {
        leads(&to, &own);
    }
    if let Ok(address) = text.parse::<Address>()
        && let Ok(to) = sites.admit(address)
    {
        let known: Vec<_> = [&own].into_iter().chain(&others).collect();
        assert!(known.contains(&to.origin()), "{text}");
        leads(&to, to.origin());
    }
    // What stands in addresses and cookies has one text.
    if let Ok(code) = text.parse::<Code>() {
        assert_eq!(*code.to_text(), text);
    }
    if let Ok(state) = text.parse::<State>() {
        assert_eq!(*state.to_text(), text);
    }
}

/// Each way to send a browser to `to` leads it to `origin`, or to our own page first.
fn leads(to: &ReturnTo, origin: &Origin) {
    let own: Origin = "https://auth.example.org".parse().unwrap();
    let state = State::from_bytes([1; 32]).hash();
    let code = Code::from_bytes([2; 32]);
    for (location, expected) in [
        (Location::back(to), origin),
        (Location::callback(to, &code), origin),
        (Location::sign_in(&own, to, &state), &own),
        (Location::failed(&own, to), &own),
    ] {
        // As a browser reads `Location:`, from the page it is on.
        let base = Url::parse("https://elsewhere.example/page").unwrap();
        let text = location.as_str();
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
        let url = base.join(text).unwrap();
        assert_eq!(url.origin().ascii_serialization(), expected.to_string(), "{text}");
    }
    // The page that asks for the signature is told the same address.
    let page = Url::parse(Location::sign_in(&own, to, &state).as_str()).unwrap();
    let told = page.query_pairs().find(|(name, _)| name == "return_to").unwrap().1;
    assert_eq!(told, to.to_string());
}

pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "https://auth.example.org",
        "http://pi.local:8089",
        "https://[2001:db8::1]:8443",
        "http://[::ffff:192.0.2.1]",
        "http://127.0.0.1",
        "https://xn--bcher-kva.example",
        "https://a_b.example",
        "http://1.2.3",
        "http://0x7f.1",
        "http://0x7f000001",
        "http://a.0x",
        "https://auth.example.org:443",
        "HTTPS://AUTH.example.org/",
        "https://user@auth.example.org",
        "https://auth.example.org\\@x",
        "/",
        "/x?y=z#w",
        "//evil.example",
        "/\\evil.example",
        "/%2f/evil.example",
        "/x//y",
        "/\tx",
        "/..//evil.example",
        "https://app.example.org/x?y=//z",
        "http://pi.local:81/",
        "https://app.example.org.evil.example/",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}
