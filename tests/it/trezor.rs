//! Sign-in with a Trezor: by a transaction that carries the message and cannot take place.

use data_encoding::HEXLOWER;
use lucid_auth::domain::wallet::{Scheme, Transfer, WalletType};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{support::TestServer, wallet::Wallet};

async fn challenge(server: &TestServer, wallet: &Wallet, how: &str) -> Value {
    let asked = json!({"tron_address": wallet.address, "wallet_type": how});
    server.post("/auth/challenge", &asked).await.expect(200)
}

#[tokio::test]
async fn a_challenge_tells_the_page_all_that_the_device_needs() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(1);
    let reply = challenge(&server, &wallet, "trezor").await;
    let message = reply["message"].as_str().unwrap();
    assert!(message.starts_with("localhost wants you to sign in with your TRON account"), "{message}");
    assert!(message.contains(". This transfer cannot take place. "), "it is called what it is: {message}");
    assert!(message.len() <= 256, "no Trezor takes a longer memo");
    assert_eq!(reply["scheme"], "trezor-tx");
    let owner = HEXLOWER.encode(&[&[0x41], &wallet.address.as_bytes()[..]].concat());
    let expected = json!({
        "contract": [{
            "type": "TransferContract",
            "parameter": {
                "type_url": "type.googleapis.com/protocol.TransferContract",
                "value": {"owner_address": owner, "to_address": owner, "amount": 1},
            },
        }],
        "ref_block_bytes": "0000",
        "ref_block_hash": "0000000000000000",
        "expiration": 1,
        "timestamp": 1,
        "data": HEXLOWER.encode(message.as_bytes()),
    });
    assert_eq!(reply["trezor_tx"]["raw_data"], expected);
    let raw = HEXLOWER.decode(reply["trezor_tx"]["raw_data_hex"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(raw, Transfer::proof(wallet.address, message.as_bytes()).raw_data());
    assert_eq!(reply["digest"], HEXLOWER.encode(&Sha256::digest(&raw)));

    for how in WalletType::ALL.into_iter().filter(|how| *how != WalletType::Trezor) {
        let other = challenge(&server, &wallet, how.name()).await;
        assert_eq!(other.get("trezor_tx"), None, "{how}");
    }
}

#[tokio::test]
async fn its_holder_registers_signs_in_and_erases_the_account() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(2);
    let user =
        server.post("/auth/register", &server.signed(&wallet, WalletType::Trezor).await).await.expect(201);
    let mut answer = server.signed(&wallet, WalletType::Trezor).await;
    answer["hardware_wallet"] = json!({"type": "trezor"});
    let tokens = server.post("/auth/login", &answer).await.expect(200);
    assert_eq!(tokens["user"]["user_id"], user["user_id"]);
    assert_eq!(server.post("/auth/login", &answer).await.problem(), (401, 1012), "a challenge is good once");
    let proof = server.signed(&wallet, WalletType::Trezor).await;
    assert_eq!(server.call("DELETE", "/users/me", &tokens, &proof).await.status, 204);
    assert_eq!(server.call("GET", "/users/me", &tokens, &Value::Null).await.problem(), (401, 1015));
}

#[tokio::test]
#[rustfmt::skip]
async fn no_other_signature_answers_its_challenge() {
    let server = TestServer::start().await;
    let (wallet, stranger) = (Wallet::new(3), Wallet::new(4));
    let message = challenge(&server, &wallet, "trezor").await["message"].as_str().unwrap().to_owned();
    let proof = || Transfer::proof(wallet.address, message.as_bytes());
    let signed = |transfer: Transfer| wallet.sign_digest(&Sha256::digest(transfer.raw_data()).into());
    let mut cut = proof().raw_data();
    cut.pop();
    let cases = [
        // case                          signature
        ("the message, as tron-v2",      wallet.sign(Scheme::TronV2, &message)),
        ("the message, as eip191",       wallet.sign(Scheme::Eip191, &message)),
        ("the message itself",           wallet.sign_digest(&Sha256::digest(&message).into())),
        ("by another key",               stranger.sign_digest(&Sha256::digest(proof().raw_data()).into())),
        ("another's own transfer",       stranger.sign(Scheme::TrezorTx, &message)),
        ("another expiration",           signed(Transfer { expiration: 2, ..proof() })),
        ("another time",                 signed(Transfer { timestamp: 2, ..proof() })),
        ("another memo",                 signed(Transfer { data: message.replace("This", "THIS").into(), ..proof() })),
        ("no memo",                      signed(Transfer { data: Vec::new(), ..proof() })),
        ("another amount",               signed(Transfer { amount: 2, ..proof() })),
        ("to somebody else",             signed(Transfer { to: stranger.address, ..proof() })),
        ("a block that there may be",    signed(Transfer { ref_block_hash: [1; 8], ..proof() })),
        ("all but a byte of it",         wallet.sign_digest(&Sha256::digest(&cut).into())),
    ];
    for (case, signature) in cases {
        let body = json!({"tron_address": wallet.address, "message": message, "signature": signature});
        for path in ["/auth/login", "/auth/register"] {
            assert_eq!(server.post(path, &body).await.problem(), (401, 1001), "{case} at {path}");
        }
    }
    let good = json!({"tron_address": wallet.address, "message": message, "signature": signed(proof())});
    server.post("/auth/login", &good).await.expect(200);
}

#[tokio::test]
async fn a_transaction_answers_no_other_challenge() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(5);
    for how in WalletType::ALL.into_iter().filter(|how| *how != WalletType::Trezor) {
        let message = challenge(&server, &wallet, how.name()).await["message"].as_str().unwrap().to_owned();
        let signature = wallet.sign(Scheme::TrezorTx, &message);
        let body = json!({"tron_address": wallet.address, "message": message, "signature": signature});
        assert_eq!(server.post("/auth/login", &body).await.problem(), (401, 1001), "{how}");
    }
}
