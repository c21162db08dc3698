//! Lists in pages.

/// Which page of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// The most items on the page; [`PageRequest::DEFAULT_LIMIT`] where it is missing, and at most
    /// [`PageRequest::MAX_LIMIT`].
    pub limit: Option<u32>,
    /// [`Page::next`] of the page before; the first page where it is missing.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// The number of items where none is asked for.
    pub const DEFAULT_LIMIT: u32 = 1_000;
    /// The most items that a page has.
    pub const MAX_LIMIT: u32 = 1_000;

    /// The number of items that the page has at most.
    pub fn size(&self) -> u32 {
        self.limit
            .unwrap_or(Self::DEFAULT_LIMIT)
            .clamp(1, Self::MAX_LIMIT)
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the list goes on; missing on the last page. Opaque to the caller.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of what was read: one item more than it may have means that there is another
    /// page, behind the last item's cursor.
    pub(super) fn cut(
        mut items: Vec<T>,
        request: &PageRequest,
        cursor: impl Fn(&T) -> String,
    ) -> Self {
        let size = request.size() as usize;
        let mut next = None;
        if items.len() > size {
            items.truncate(size);
            next = items.last().map(cursor);
        }
        Self { items, next }
    }
}
