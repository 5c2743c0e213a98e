//! What the cryptography alone costs here, in processor time of this thread: the floor under a sign-in and a refresh.

use std::{fs, hint::black_box};

use ed25519_dalek::{Signer as _, SigningKey};
use lucid_auth::domain::wallet::{Scheme, Signature};

use crate::people::Wallet;

/// How often each is done.
const TIMES: u32 = 500;

/// Microseconds that each takes.
#[derive(Clone, Copy)]
pub struct Cryptography {
    /// To find whose key signed a text, and the address of that key.
    pub recover: f64,
    /// To sign an access token.
    pub sign: f64,
}

impl Cryptography {
    pub fn measure() -> Self {
        let wallet = Wallet::new(7);
        let text = "localhost:8089 wants you to sign in with your TRON account. Not a transaction.";
        let signature: Signature = wallet.sign(text).parse().unwrap();
        let recover =
            each(|| black_box(Scheme::TronV2.verify(wallet.address, text.as_bytes(), &signature)).unwrap());
        let (key, token) = (SigningKey::from_bytes(&[7; 32]), [b'x'; 450]);
        let sign = each(|| {
            black_box(key.sign(black_box(&token)));
        });
        Self { recover, sign }
    }
}

fn each(mut work: impl FnMut()) -> f64 {
    let before = used();
    (0..TIMES).for_each(|_| work());
    (used() - before) / f64::from(TIMES)
}

/// Microseconds that this thread has run.
fn used() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1_000.0
}
