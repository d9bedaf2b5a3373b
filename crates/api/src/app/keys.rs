//! The vendors' keys: from the environment or entered on the screen, held in memory only.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;
use undertow_market::VendorId;

use crate::dto::VendorView;

/// Keys by vendor.
pub type VendorKeys = BTreeMap<VendorId, SecretString>;

/// Every key that is set, with where it came from.
#[derive(Default)]
pub(crate) struct Keys(Mutex<BTreeMap<VendorId, Key>>);

#[derive(Clone)]
struct Key {
    secret: SecretString,
    from: &'static str,
}

impl Keys {
    pub(crate) fn from_environment(keys: &VendorKeys) -> Self {
        let key = |secret: &SecretString| Key { secret: secret.clone(), from: "environment" };
        Self(Mutex::new(keys.iter().map(|(vendor, secret)| (*vendor, key(secret))).collect()))
    }

    pub(crate) fn set(&self, vendor: VendorId, secret: SecretString) {
        self.lock().insert(vendor, Key { secret, from: "memory" });
    }

    pub(crate) fn get(&self, vendor: VendorId) -> Option<SecretString> {
        self.lock().get(&vendor).map(|key| key.secret.clone())
    }

    pub(crate) fn any(&self) -> bool {
        !self.lock().is_empty()
    }

    /// The vendors and whether a key is set, without the keys.
    pub(crate) fn views(&self) -> Vec<VendorView> {
        let keys = self.lock();
        let view = |vendor: VendorId| VendorView {
            id: vendor.as_str().to_owned(),
            title: vendor.title().to_owned(),
            key_set: keys.contains_key(&vendor),
            key_from: keys.get(&vendor).map(|key| key.from.to_owned()),
        };
        VendorId::ALL.map(view).to_vec()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<VendorId, Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}
