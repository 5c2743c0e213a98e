//! Who may change whom.

use super::{id::UserId, role::Role, user::User};

/// Who asks for a change, as the rules see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// Whoever runs this service's commands on its machine: they could change the file itself.
    Operator,
    /// A user.
    User {
        /// Who.
        id: UserId,
        /// The role that they have now.
        role: Role,
        /// Whether they have just signed for this with the key of their account: more than a token shows.
        fresh: bool,
    },
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
    /// A token may be stolen: who is `SUPER_ADMIN`, and whether they can sign in, takes a signature made for it.
    #[error("this takes a challenge freshly signed by the caller's own address")]
    FreshSignatureRequired,
}

impl Authority {
    /// Check that they may change the profile of `user`, lock them, or end their sessions.
    ///
    /// # Errors
    ///
    /// [`AuthorityError::Above`] if the user's role is above theirs.
    pub fn may_manage(self, user: &User) -> Result<(), AuthorityError> {
        match self {
            Self::User { role, .. } if user.role > role => Err(AuthorityError::Above(user.role)),
            _ => Ok(()),
        }
    }

    /// Check that they may lock, unlock or erase `user`.
    ///
    /// # Errors
    ///
    /// As [`Self::may_manage`]; [`AuthorityError::OwnAccount`]; [`AuthorityError::FreshSignatureRequired`] if the user is
    /// `SUPER_ADMIN` and a token is all that was shown.
    pub fn may_remove(self, user: &User) -> Result<(), AuthorityError> {
        match self {
            Self::User { id, .. } if id == user.id => Err(AuthorityError::OwnAccount),
            _ => self.may_manage(user).and_then(|()| self.may_decide_over(user.role)),
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
            Self::User { role, .. } if granted > role => Err(AuthorityError::Above(granted)),
            _ => self.may_decide_over(granted),
        }
    }

    /// Check that they have shown enough to decide who has `role`.
    fn may_decide_over(self, role: Role) -> Result<(), AuthorityError> {
        match self {
            Self::User { fresh: false, .. } if role == Role::SuperAdmin => {
                Err(AuthorityError::FreshSignatureRequired)
            }
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
            let authority = Authority::User { id: me.id, role: own, fresh: true };
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

    #[test]
    fn a_token_alone_neither_makes_nor_unmakes_a_super_admin() {
        let at = Timestamp::from_unix(0);
        let user = |role| User::new(UserId::new(2, [2; 10]), Address::from_bytes([2; 20]), role, at);
        let by_token = Authority::User { id: UserId::new(1, [1; 10]), role: Role::SuperAdmin, fresh: false };
        for theirs in Role::ALL {
            let them = user(theirs);
            let needed = |needed| if needed { Err(AuthorityError::FreshSignatureRequired) } else { Ok(()) };
            assert_eq!(by_token.may_remove(&them), needed(theirs == Role::SuperAdmin), "{theirs}");
            assert_eq!(by_token.may_manage(&them), Ok(()), "{theirs}");
            for granted in Role::ALL {
                let touched = theirs == Role::SuperAdmin || granted == Role::SuperAdmin;
                assert_eq!(by_token.may_grant(&them, granted), needed(touched), "{theirs} {granted}");
            }
        }
    }
}
