//! A viewer of screens: as much of RFB 3.8 (RFC 6143) as a test needs.

use std::collections::HashMap;
use std::fs;
use std::io::{Error, Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// A connection to a screen that is shown by a VNC server without a password.
#[derive(Debug)]
pub struct Viewer {
    stream: UnixStream,
    width: u16,
    height: u16,
}

/// What a screen showed at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels a line.
    pub width: u16,
    /// Lines.
    pub height: u16,
    /// Four bytes a pixel, line after line: blue, green, red, and one of no meaning.
    pub pixels: Vec<u8>,
}

impl Picture {
    /// How many pixels have each colour, the commonest first.
    pub fn colours(&self) -> Vec<usize> {
        let mut counts: HashMap<&[u8], usize> = HashMap::new();
        for pixel in self.pixels.chunks_exact(4) {
            *counts.entry(&pixel[..3]).or_default() += 1;
        }
        let mut counts: Vec<usize> = counts.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts
    }
}

impl Viewer {
    /// Looks at the screen of the sandbox whose supervisor is `supervisor`, through the files of
    /// the server that it has started there.
    ///
    /// # Errors
    /// Where there is none.
    pub fn of_supervisor(supervisor: u32, socket: &str) -> Result<Self> {
        for entry in fs::read_dir("/proc")?.flatten() {
            let folder = entry.path();
            let Ok(stat) = fs::read_to_string(folder.join("stat")) else {
                continue;
            };
            // `PID (name) state parent …`
            let parent = stat
                .rsplit(')')
                .next()
                .and_then(|rest| rest.split(' ').nth(2));
            if stat.contains("(Xtigervnc)") && parent == Some(&supervisor.to_string()) {
                return Self::at(&folder.join("root").join(socket.trim_start_matches('/')));
            }
        }
        Err(Error::other("no display server runs there"))
    }

    /// Looks at the screen behind a socket.
    ///
    /// # Errors
    /// Where nobody answers, or not in this way.
    pub fn at(socket: &Path) -> Result<Self> {
        let mut viewer = Self {
            stream: UnixStream::connect(socket)?,
            width: 0,
            height: 0,
        };
        viewer.greet()?;
        Ok(viewer)
    }

    fn greet(&mut self) -> Result<()> {
        let version = self.take(12)?;
        if !version.starts_with(b"RFB 003.008") {
            return Err(Error::other(String::from_utf8_lossy(&version).into_owned()));
        }
        self.stream.write_all(b"RFB 003.008\n")?;
        let count = self.take(1)?[0];
        let kinds = self.take(count.into())?;
        if !kinds.contains(&1) {
            return Err(Error::other(format!("it wants a password: {kinds:?}")));
        }
        self.stream.write_all(&[1])?;
        if self.take(4)? != [0; 4] {
            return Err(Error::other("it refuses"));
        }
        // Shared with other viewers.
        self.stream.write_all(&[1])?;
        let size = self.take(4)?;
        self.width = u16::from_be_bytes([size[0], size[1]]);
        self.height = u16::from_be_bytes([size[2], size[3]]);
        self.take(16)?;
        let name = self.take(4)?;
        let name = u32::from_be_bytes([name[0], name[1], name[2], name[3]]);
        self.take(name.try_into().map_err(Error::other)?)?;
        // SetPixelFormat: 32 bits, true colour. SetEncodings: raw.
        self.stream.write_all(&[
            0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0,
        ])?;
        self.stream.write_all(&[2, 0, 0, 1, 0, 0, 0, 0])
    }

    /// What the screen shows.
    ///
    /// # Errors
    /// Where the server ends.
    pub fn look(&mut self) -> Result<Picture> {
        let (width, height) = (usize::from(self.width), usize::from(self.height));
        let mut ask = vec![3, 0, 0, 0, 0, 0];
        ask.extend(self.width.to_be_bytes());
        ask.extend(self.height.to_be_bytes());
        self.stream.write_all(&ask)?;
        let mut pixels = vec![0; width * height * 4];
        let mut left = width * height;
        while left > 0 {
            match self.take(1)?[0] {
                0 => {}
                // The bell.
                2 => continue,
                // The clipboard.
                3 => {
                    let head = self.take(7)?;
                    let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
                    self.take(length.try_into().map_err(Error::other)?)?;
                    continue;
                }
                other => return Err(Error::other(format!("message {other}"))),
            }
            let head = self.take(3)?;
            for _ in 0..u16::from_be_bytes([head[1], head[2]]) {
                let head = self.take(12)?;
                let number = |at: usize| usize::from(u16::from_be_bytes([head[at], head[at + 1]]));
                let (x, y, wide, high) = (number(0), number(2), number(4), number(6));
                for line in y..y + high {
                    let row = self.take(wide * 4)?;
                    let at = (line * width + x) * 4;
                    pixels[at..at + row.len()].copy_from_slice(&row);
                }
                left = left.saturating_sub(wide * high);
            }
        }
        Ok(Picture {
            width: self.width,
            height: self.height,
            pixels,
        })
    }

    /// Presses keys together and lets them go, each by its `keysym`, which is that of ASCII for
    /// its characters.
    ///
    /// # Errors
    /// Where the server ends.
    pub fn press(&mut self, keys: &[u32]) -> Result<()> {
        let down = keys.iter().map(|key| (1, key));
        let up = keys.iter().rev().map(|key| (0, key));
        for (is_down, key) in down.chain(up) {
            let mut event = vec![4, is_down, 0, 0];
            event.extend(key.to_be_bytes());
            self.stream.write_all(&event)?;
        }
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
