//! Where the paths of a manifest are on a target.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ctnr_model::Invalid;
use ctnr_model::container::{Bitness, KnownFolder, PathTemplate, Win32Path};

use crate::PlanError;

/// Known folders as a program in the container names them.
pub(crate) struct Folders<'a> {
    bitness: Bitness,
    user: &'a str,
    /// Where the target has them in other places than usual.
    moved: Option<&'a BTreeMap<KnownFolder, Win32Path>>,
    usual: RefCell<BTreeMap<KnownFolder, Win32Path>>,
}

impl<'a> Folders<'a> {
    /// The folders of a container, or of a host whose folders may be elsewhere.
    ///
    /// # Errors
    /// [`PlanError::Path`] for a user whose name is no folder's.
    pub(crate) fn new(
        bitness: Bitness,
        user: &'a str,
        moved: Option<&'a BTreeMap<KnownFolder, Win32Path>>,
    ) -> Result<Self, PlanError> {
        KnownFolder::UserProfile
            .in_container(bitness, user)
            .map_err(|invalid| PlanError::Path {
                field: "the target's user".to_owned(),
                invalid,
            })?;
        Ok(Self {
            bitness,
            user,
            moved,
            usual: RefCell::default(),
        })
    }

    /// Where a known folder is.
    pub(crate) fn place(&self, folder: KnownFolder) -> Result<Win32Path, Invalid> {
        if let Some(moved) = self.moved.and_then(|moved| moved.get(&folder)) {
            return Ok(moved.clone());
        }
        if let Some(place) = self.usual.borrow().get(&folder) {
            return Ok(place.clone());
        }
        let place = folder.in_container(self.bitness, self.user)?;
        self.usual.borrow_mut().insert(folder, place.clone());
        Ok(place)
    }

    /// The path of a template that stands in a field of the manifest.
    ///
    /// # Errors
    /// [`PlanError::Path`] where it gets too long.
    pub(crate) fn resolve(
        &self,
        template: &PathTemplate,
        field: impl FnOnce() -> String,
    ) -> Result<Win32Path, PlanError> {
        template
            .resolve(|folder| self.place(folder))
            .map_err(|invalid| PlanError::Path {
                field: field(),
                invalid,
            })
    }

    /// The path with the names of known folders spelled as they are on the target.
    pub(crate) fn spelled(&self, path: &Win32Path) -> Result<Win32Path, Invalid> {
        let mut best = path.clone();
        let mut depth = 0;
        for folder in KnownFolder::ALL {
            let place = self.place(*folder)?;
            if let Some(rest) = path.below(&place)
                && place.depth() > depth
            {
                depth = place.depth();
                let names: Vec<&str> = place.names().chain(rest).collect();
                best = Win32Path::from_names(place.drive(), &names);
            }
        }
        Ok(best)
    }
}
