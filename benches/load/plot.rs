//! Bars, as SVG.

use std::{env, fmt::Write as _, fs, path::PathBuf};

use crate::run::{Row, WHAT};

/// Where results are left.
pub fn folder() -> PathBuf {
    let folder = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from).join("bench");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Draw the processor time of each kind of request beside its floor, at 32 connections: one file for each number of users.
pub fn draw(rows: &[Row]) {
    let mut sizes: Vec<_> = rows.iter().map(|row| row.users).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for users in sizes {
        let bars: Vec<_> = WHAT
            .into_iter()
            .filter_map(|what| {
                rows.iter().find(|row| row.what == what && row.users == users && row.connections == 32)
            })
            .collect();
        if !bars.is_empty() {
            fs::write(folder().join(format!("cpu-{users}-users.svg")), chart(users, &bars)).unwrap();
        }
    }
}

fn chart(users: u32, rows: &[&Row]) -> String {
    let most = rows.iter().map(|row| row.cpu).fold(1.0, f64::max);
    let height = 60 + rows.len() * 44;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"720\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"16\" y=\"24\" font-size=\"15\">Processor time a request with {users} users, microseconds: the service (dark), its floor (light)</text>\n"
    );
    for (row, y) in rows.iter().zip((44..).step_by(44)) {
        let scale = 480.0 / most;
        let _ = writeln!(
            svg,
            "<text x=\"16\" y=\"{}\">{}</text>\
             <rect x=\"110\" y=\"{y}\" width=\"{:.1}\" height=\"16\" fill=\"#1f5f8b\"/>\
             <rect x=\"110\" y=\"{}\" width=\"{:.1}\" height=\"12\" fill=\"#a9cbe0\"/>\
             <text x=\"{:.1}\" y=\"{}\">{:.1} ({:.2}x)</text>",
            y + 20,
            row.what,
            row.cpu * scale,
            y + 17,
            row.bare * scale,
            116.0 + row.cpu * scale,
            y + 13,
            row.cpu,
            row.ratio,
        );
    }
    svg + "</svg>\n"
}
