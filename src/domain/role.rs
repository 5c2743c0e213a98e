//! The four roles.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::permission::Permission;

/// What a user is to the platform. Each role holds what the ones before it hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Somebody who signed in.
    User,
    /// Runs nodes of the network.
    NodeOperator,
    /// Looks after users and sessions.
    Admin,
    /// May do everything, and gives out roles.
    SuperAdmin,
}

impl Role {
    /// Every role, from the lowest to the highest.
    pub const ALL: [Self; 4] = [Self::User, Self::NodeOperator, Self::Admin, Self::SuperAdmin];

    /// The name in tokens, bodies and commands, such as `NODE_OPERATOR`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::NodeOperator => "NODE_OPERATOR",
            Self::Admin => "ADMIN",
            Self::SuperAdmin => "SUPER_ADMIN",
        }
    }

    /// Whether this role or one below it was given `permission`.
    #[must_use]
    pub fn holds(self, permission: Permission) -> bool {
        self >= permission.lowest_role()
    }

    /// All that it holds, in the order of the policy.
    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Permission::all().filter(move |permission| self.holds(*permission))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No role has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected USER, NODE_OPERATOR, ADMIN or SUPER_ADMIN")]
pub struct RoleError;

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(RoleError)
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_holds_what_the_ones_below_hold_and_more() {
        let counts = Role::ALL.map(|role| role.permissions().count());
        assert_eq!(counts, [6, 13, 29, 49]);
    }
}
