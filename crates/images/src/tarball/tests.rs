//! The reader on tars of `tar::Builder` and on bytes made by hand.

use std::io::{Read, Write};

use super::sparse::Extent;
use super::*;

/// A header with a right checksum.
fn header(kind: tar::EntryType, path: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_path(path).unwrap();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// One entry, filled up to a block.
fn block(header: &tar::Header, data: &[u8]) -> Vec<u8> {
    let mut bytes = header.as_bytes().to_vec();
    bytes.write_all(data).unwrap();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [
        length.to_string().as_bytes(),
        b" ",
        key.as_bytes(),
        b"=",
        value,
        b"\n",
    ]
    .concat()
}

fn pax(records: &[(&str, &[u8])]) -> Vec<u8> {
    let data: Vec<u8> = records
        .iter()
        .flat_map(|(key, value)| record(key, value))
        .collect();
    block(
        &header(tar::EntryType::XHeader, "pax", data.len() as u64),
        &data,
    )
}

fn read_all(bytes: &[u8]) -> io::Result<Vec<(Entry, Vec<u8>)>> {
    let mut reader = TarReader::new(bytes);
    let mut all = Vec::new();
    while let Some(entry) = reader.next()? {
        let mut data = Vec::new();
        reader.read_to_end(&mut data)?;
        all.push((entry, data));
    }
    reader.drain()?;
    Ok(all)
}

#[test]
fn reads_what_the_builder_writes() {
    let mut builder = tar::Builder::new(Vec::new());
    let long = format!("{}/file", "d".repeat(150));
    let mut head = header(tar::EntryType::Regular, "x", 3);
    head.set_mtime(7);
    builder.append_data(&mut head, &long, &b"abc"[..]).unwrap();
    let mut head = header(tar::EntryType::Symlink, "x", 0);
    builder
        .append_link(&mut head, "link", "t".repeat(200))
        .unwrap();
    let all = read_all(&builder.into_inner().unwrap()).unwrap();
    assert_eq!(all[0].0.path, long.as_bytes());
    assert_eq!((all[0].0.mtime, all[0].1.as_slice()), ((7, 0), &b"abc"[..]));
    assert_eq!(all[1].0.link, "t".repeat(200).as_bytes());
    assert_eq!(all[1].0.kind, Kind::Symlink);
}

#[test]
fn pax_overrides_the_header_for_one_entry() {
    let mut tar = pax(&[
        ("path", b"long"),
        ("uid", b"100000"),
        ("mtime", b"1.5"),
        ("size", b"2"),
        ("SCHILY.xattr.security.capability", b"\x01\n\0"),
    ]);
    tar.extend(block(&header(tar::EntryType::Regular, "short", 0), b"hi"));
    tar.extend(block(&header(tar::EntryType::Regular, "next", 0), b""));
    let all = read_all(&tar).unwrap();
    let entry = &all[0].0;
    assert_eq!((entry.path.as_slice(), entry.uid), (&b"long"[..], 100_000));
    assert_eq!(
        (entry.mtime, all[0].1.as_slice()),
        ((1, 500_000_000), &b"hi"[..])
    );
    assert_eq!(
        entry.xattrs,
        [(b"security.capability".to_vec(), b"\x01\n\0".to_vec())]
    );
    assert_eq!((all[1].0.path.as_slice(), all[1].0.uid), (&b"next"[..], 0));
}

#[test]
fn pax_sparse_files_have_extents() {
    let extents = [
        Extent {
            offset: 0,
            length: 2,
        },
        Extent {
            offset: 1000,
            length: 3,
        },
    ];
    let in_records = [
        pax(&[
            ("GNU.sparse.map", b"0,2,1000,3"),
            ("GNU.sparse.size", b"2000"),
        ]),
        pax(&[
            ("GNU.sparse.size", b"2000"),
            ("GNU.sparse.offset", b"0"),
            ("GNU.sparse.numbytes", b"2"),
            ("GNU.sparse.offset", b"1000"),
            ("GNU.sparse.numbytes", b"3"),
        ]),
    ];
    for mut tar in in_records {
        tar.extend(block(&header(tar::EntryType::Regular, "f", 5), b"abcde"));
        let (entry, data) = read_all(&tar).unwrap().remove(0);
        assert_eq!((entry.size, data.as_slice()), (2000, &b"abcde"[..]));
        assert_eq!(entry.extents.unwrap(), extents);
    }
    let mut tar = pax(&[
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"real"),
        ("GNU.sparse.realsize", b"2000"),
    ]);
    let mut data = b"2\n0\n2\n1000\n3\n".to_vec();
    data.resize(512, 0);
    data.extend(b"abcde");
    tar.extend(block(
        &header(tar::EntryType::Regular, "GNUSparseFile.0/f", 517),
        &data,
    ));
    tar.extend(block(&header(tar::EntryType::Regular, "next", 1), b"x"));
    let all = read_all(&tar).unwrap();
    assert_eq!(
        (all[0].0.path.as_slice(), all[0].0.size),
        (&b"real"[..], 2000)
    );
    assert_eq!(
        (all[0].1.as_slice(), all[1].1.as_slice()),
        (&b"abcde"[..], &b"x"[..])
    );
    assert_eq!(all[0].0.extents.as_deref(), Some(&extents[..]));
}

#[test]
fn bad_tars_are_refused() {
    let good = block(&header(tar::EntryType::Regular, "f", 600), &[1; 600]);
    for cut in [1, 511, 513, 1000, 1500] {
        assert!(read_all(&good[..cut]).is_err(), "cut at {cut}");
    }
    let mut flipped = good.clone();
    flipped[0] ^= 1;
    assert!(read_all(&flipped).is_err());
    let file = |name: &str| block(&header(tar::EntryType::Regular, name, 0), b"");
    for records in [
        &[("path", &b"a\0b"[..])][..],
        &[("path", &[b'a'; 5000])],
        &[("uid", b"4294967295")],
        &[("uid", b"-1")],
        &[("size", b"18446744073709551615")],
        &[("GNU.sparse.map", b"0,2,1,2"), ("GNU.sparse.size", b"9")],
        &[("GNU.sparse.map", b"0,2"), ("GNU.sparse.size", b"1")],
        &[
            ("GNU.sparse.map", b"18446744073709551615,2"),
            ("GNU.sparse.size", b"9"),
        ],
        &[("GNU.sparse.map", b"0"), ("GNU.sparse.size", b"9")],
        &[("GNU.sparse.major", b"1"), ("GNU.sparse.realsize", b"9")],
    ] {
        assert!(
            read_all(&[pax(records), file("f")].concat()).is_err(),
            "{records:?}"
        );
    }
    let endless: Vec<u8> = (0..20).flat_map(|_| pax(&[("comment", b"x")])).collect();
    assert!(read_all(&[endless, file("f")].concat()).is_err());
    let huge = header(tar::EntryType::XHeader, "pax", 1 << 40);
    assert!(read_all(huge.as_bytes()).is_err());
}
