//! Many at once: how many refreshes share a commit, and what others wait while a crowd signs in.

use std::{thread, time::Duration};

use crate::{
    client::{Requests, drive, get},
    people::{members, refreshes},
    run::{Scene, median},
};

/// Connections that sign in, and those that ask for something light meanwhile.
const CROWD: usize = 256;
const OTHERS: usize = 32;
const ROUNDS: usize = 5;

/// Commits for each refresh, of 64 connections.
pub fn commits_a_refresh(scene: &mut Scene) -> f64 {
    let asked = scene.sign_ins(1_500);
    let told = drive(&scene.service, 32, Requests::Once(asked), true).bodies;
    let tokens = members(&told, "refresh_token");
    let asked = Requests::Once(refreshes(&tokens, &mut scene.clients));
    let before = scene.service.commits();
    drive(&scene.service, 64, asked, false);
    let after = scene.service.commits();
    (after.1 - before.1) / (after.0 - before.0)
}

/// The p99 of `/health` and of `/auth/verify` while a crowd signs in, as ratios to the same alone.
pub fn starving(scene: &mut Scene) -> [f64; 2] {
    let asked = scene.sign_ins(OTHERS);
    let told = drive(&scene.service, OTHERS, Requests::Once(asked), true).bodies;
    let bearer = |token: &String| get("/auth/verify", &format!("Authorization: Bearer {token}\r\n"));
    let verify: Vec<_> = members(&told, "access_token").iter().map(bearer).collect();
    [("/health", vec![get("/health", "")]), ("/auth/verify", verify)].map(|(name, requests)| {
        let round = Requests::Again(requests, Duration::from_millis(400));
        let (mut ratios, mut shown) = (Vec::new(), (Vec::new(), Vec::new()));
        for number in 0..=ROUNDS {
            let crowd = scene.sign_ins(5_000);
            let server = &scene.service;
            let alone = drive(server, OTHERS, round.clone(), false).quantile(0.99);
            let beside = thread::scope(|threads| {
                let crowd = threads.spawn(move || drive(server, CROWD, Requests::Once(crowd), false));
                // Once they have connected, so that only their sign-ins count.
                thread::sleep(Duration::from_millis(100));
                let beside = drive(server, OTHERS, round.clone(), false).quantile(0.99);
                assert!(!crowd.is_finished(), "the crowd was done too early to say anything");
                crowd.join().unwrap();
                beside
            });
            if number > 0 {
                ratios.push(beside / alone);
                shown.0.push(alone);
                shown.1.push(beside);
            }
        }
        let (alone, beside, ratio) = (median(shown.0), median(shown.1), median(ratios));
        eprintln!(
            "p99 of {name}: {alone:.0} us alone, {beside:.0} us while {CROWD} connections sign in: {ratio:.2}"
        );
        ratio
    })
}
