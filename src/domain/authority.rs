//! Who may change whom.

use super::{id::UserId, role::Role, user::User};

/// Who asks for a change, as the rules see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// Whoever runs this service's commands on its machine: they could change the file itself.
    Operator,
    /// A user, with the role that they have now.
    User(UserId, Role),
}

/// Why somebody may not change somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// Nobody changes their own role, locks or erases themselves through what is meant for others.
    #[error("nobody may do this to their own account")]
    OwnAccount,
    /// Nobody changes somebody of a higher role, or grants one.
    #[error("this takes the role {0}")]
    Above(Role),
}

impl Authority {
    /// Check that they may change the profile of `user`, lock them, or end their sessions.
    ///
    /// # Errors
    ///
    /// [`AuthorityError::Above`] if the user's role is above theirs.
    pub fn may_manage(self, user: &User) -> Result<(), AuthorityError> {
        match self {
            Self::User(_, role) if user.role > role => Err(AuthorityError::Above(user.role)),
            _ => Ok(()),
        }
    }

    /// Check that they may lock or erase `user`.
    ///
    /// # Errors
    ///
    /// As [`Self::may_manage`], and [`AuthorityError::OwnAccount`].
    pub fn may_remove(self, user: &User) -> Result<(), AuthorityError> {
        match self {
            Self::User(id, _) if id == user.id => Err(AuthorityError::OwnAccount),
            _ => self.may_manage(user),
        }
    }

    /// Check that they may give `user` the role `granted`.
    ///
    /// # Errors
    ///
    /// As [`Self::may_remove`], and [`AuthorityError::Above`] if the role is above theirs.
    pub fn may_grant(self, user: &User, granted: Role) -> Result<(), AuthorityError> {
        self.may_remove(user)?;
        match self {
            Self::User(_, role) if granted > role => Err(AuthorityError::Above(granted)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{timestamp::Timestamp, wallet::Address};

    #[test]
    fn nobody_reaches_above_themselves_or_at_themselves() {
        let user = |number: u8, role| {
            User::new(
                UserId::new(1, [number; 10]),
                Address::from_bytes([number; 20]),
                role,
                Timestamp::from_unix(0),
            )
        };
        for own in Role::ALL {
            let me = user(1, own);
            let authority = Authority::User(me.id, own);
            assert_eq!(authority.may_grant(&me, Role::User), Err(AuthorityError::OwnAccount));
            assert_eq!(authority.may_remove(&me), Err(AuthorityError::OwnAccount));
            assert_eq!(authority.may_manage(&me), Ok(()));
            for theirs in Role::ALL {
                let them = user(2, theirs);
                let above = if theirs > own { Err(AuthorityError::Above(theirs)) } else { Ok(()) };
                assert_eq!(authority.may_manage(&them), above);
                assert_eq!(authority.may_remove(&them), above);
                assert_eq!(Authority::Operator.may_remove(&them), Ok(()));
                for granted in Role::ALL {
                    let allowed = theirs <= own && granted <= own;
                    assert_eq!(
                        authority.may_grant(&them, granted).is_ok(),
                        allowed,
                        "{own} {theirs} {granted}"
                    );
                    assert_eq!(Authority::Operator.may_grant(&them, granted), Ok(()));
                }
            }
        }
    }
}
