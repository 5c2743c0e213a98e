//! What a principal may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::role::Role;

/// One thing that a [`Role`] may allow, by the name that the platform's services know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[rustfmt::skip]
pub enum Permission {
    /// Create new RDP sessions.
    CreateSession,
    /// View own sessions.
    ViewOwnSessions,
    /// View all user sessions.
    ViewAllSessions,
    /// Delete own sessions.
    DeleteOwnSessions,
    /// Delete any user's session.
    DeleteAnySession,
    /// View own user profile.
    ViewOwnProfile,
    /// Update own user profile.
    UpdateOwnProfile,
    /// View all user profiles.
    ViewAllUsers,
    /// Manage user accounts.
    ManageUsers,
    /// Assign roles to users.
    AssignRoles,
    /// Connect hardware wallet.
    ConnectHardwareWallet,
    /// Sign with hardware wallet.
    SignWithHardwareWallet,
    /// Register worker node.
    RegisterNode,
    /// Manage own nodes.
    ManageOwnNodes,
    /// View own nodes.
    ViewOwnNodes,
    /// View all nodes.
    ViewAllNodes,
    /// Manage all nodes.
    ManageAllNodes,
    /// View pool information.
    ViewPoolInfo,
    /// Manage node pools.
    ManagePools,
    /// Assign nodes to pools.
    AssignNodesToPools,
    /// Submit PoOT consensus votes.
    SubmitPootVotes,
    /// View PoOT scores.
    ViewPootScores,
    /// Validate PoOT scores.
    ValidatePootScores,
    /// View blockchain information.
    ViewBlockchainInfo,
    /// Submit blockchain transactions.
    SubmitTransactions,
    /// Anchor sessions to blockchain.
    AnchorSessions,
    /// Validate blockchain blocks.
    ValidateBlocks,
    /// View trust policies.
    ViewTrustPolicies,
    /// Manage trust policies.
    ManageTrustPolicies,
    /// View own payouts.
    ViewOwnPayouts,
    /// Request payout.
    RequestPayout,
    /// View all payouts.
    ViewAllPayouts,
    /// Manage payouts.
    ManagePayouts,
    /// Approve payout requests.
    ApprovePayouts,
    /// Access admin dashboard.
    AccessAdminDashboard,
    /// View system metrics.
    ViewSystemMetrics,
    /// View audit logs.
    ViewAuditLogs,
    /// Manage system configuration.
    ManageSystemConfig,
    /// Spawn new service instances.
    SpawnServices,
    /// Manage MongoDB instances and clones.
    ManageMongodbInstances,
    /// Orchestrate Docker containers.
    OrchestrateContainers,
    /// Clone existing services.
    CloneServices,
    /// Manage service lifecycle (start/stop/restart).
    ManageServiceLifecycle,
    /// View spawned service instances.
    ViewSpawnedServices,
    /// Trigger emergency lockdown.
    EmergencyLockdown,
    /// Trigger emergency shutdown.
    EmergencyShutdown,
    /// Force user logout.
    ForceUserLogout,
    /// Access API Gateway.
    ApiGatewayAccess,
    /// Access Admin APIs.
    AdminApiAccess,
}

/// The built-in policy: each permission, its name, the lowest role that holds it, and what it allows.
#[rustfmt::skip]
const POLICY: [(Permission, &str, Role, &str); 49] = [
    (Permission::CreateSession, "create_session", Role::User, "Create new RDP sessions"),
    (Permission::ViewOwnSessions, "view_own_sessions", Role::User, "View own sessions"),
    (Permission::ViewAllSessions, "view_all_sessions", Role::Admin, "View all user sessions"),
    (Permission::DeleteOwnSessions, "delete_own_sessions", Role::User, "Delete own sessions"),
    (Permission::DeleteAnySession, "delete_any_session", Role::Admin, "Delete any user's session"),
    (Permission::ViewOwnProfile, "view_own_profile", Role::User, "View own user profile"),
    (Permission::UpdateOwnProfile, "update_own_profile", Role::User, "Update own user profile"),
    (Permission::ViewAllUsers, "view_all_users", Role::Admin, "View all user profiles"),
    (Permission::ManageUsers, "manage_users", Role::Admin, "Manage user accounts"),
    (Permission::AssignRoles, "assign_roles", Role::SuperAdmin, "Assign roles to users"),
    (Permission::ConnectHardwareWallet, "connect_hardware_wallet", Role::User, "Connect hardware wallet"),
    (Permission::SignWithHardwareWallet, "sign_with_hardware_wallet", Role::SuperAdmin, "Sign with hardware wallet"),
    (Permission::RegisterNode, "register_node", Role::NodeOperator, "Register worker node"),
    (Permission::ManageOwnNodes, "manage_own_nodes", Role::NodeOperator, "Manage own nodes"),
    (Permission::ViewOwnNodes, "view_own_nodes", Role::NodeOperator, "View own nodes"),
    (Permission::ViewAllNodes, "view_all_nodes", Role::Admin, "View all nodes"),
    (Permission::ManageAllNodes, "manage_all_nodes", Role::SuperAdmin, "Manage all nodes"),
    (Permission::ViewPoolInfo, "view_pool_info", Role::NodeOperator, "View pool information"),
    (Permission::ManagePools, "manage_pools", Role::Admin, "Manage node pools"),
    (Permission::AssignNodesToPools, "assign_nodes_to_pools", Role::SuperAdmin, "Assign nodes to pools"),
    (Permission::SubmitPootVotes, "submit_poot_votes", Role::NodeOperator, "Submit PoOT consensus votes"),
    (Permission::ViewPootScores, "view_poot_scores", Role::SuperAdmin, "View PoOT scores"),
    (Permission::ValidatePootScores, "validate_poot_scores", Role::SuperAdmin, "Validate PoOT scores"),
    (Permission::ViewBlockchainInfo, "view_blockchain_info", Role::Admin, "View blockchain information"),
    (Permission::SubmitTransactions, "submit_transactions", Role::SuperAdmin, "Submit blockchain transactions"),
    (Permission::AnchorSessions, "anchor_sessions", Role::SuperAdmin, "Anchor sessions to blockchain"),
    (Permission::ValidateBlocks, "validate_blocks", Role::SuperAdmin, "Validate blockchain blocks"),
    (Permission::ViewTrustPolicies, "view_trust_policies", Role::SuperAdmin, "View trust policies"),
    (Permission::ManageTrustPolicies, "manage_trust_policies", Role::Admin, "Manage trust policies"),
    (Permission::ViewOwnPayouts, "view_own_payouts", Role::NodeOperator, "View own payouts"),
    (Permission::RequestPayout, "request_payout", Role::NodeOperator, "Request payout"),
    (Permission::ViewAllPayouts, "view_all_payouts", Role::SuperAdmin, "View all payouts"),
    (Permission::ManagePayouts, "manage_payouts", Role::SuperAdmin, "Manage payouts"),
    (Permission::ApprovePayouts, "approve_payouts", Role::SuperAdmin, "Approve payout requests"),
    (Permission::AccessAdminDashboard, "access_admin_dashboard", Role::Admin, "Access admin dashboard"),
    (Permission::ViewSystemMetrics, "view_system_metrics", Role::Admin, "View system metrics"),
    (Permission::ViewAuditLogs, "view_audit_logs", Role::Admin, "View audit logs"),
    (Permission::ManageSystemConfig, "manage_system_config", Role::SuperAdmin, "Manage system configuration"),
    (Permission::SpawnServices, "spawn_services", Role::Admin, "Spawn new service instances"),
    (Permission::ManageMongodbInstances, "manage_mongodb_instances", Role::Admin, "Manage MongoDB instances and clones"),
    (Permission::OrchestrateContainers, "orchestrate_containers", Role::SuperAdmin, "Orchestrate Docker containers"),
    (Permission::CloneServices, "clone_services", Role::Admin, "Clone existing services"),
    (Permission::ManageServiceLifecycle, "manage_service_lifecycle", Role::Admin, "Manage service lifecycle (start/stop/restart)"),
    (Permission::ViewSpawnedServices, "view_spawned_services", Role::Admin, "View spawned service instances"),
    (Permission::EmergencyLockdown, "emergency_lockdown", Role::SuperAdmin, "Trigger emergency lockdown"),
    (Permission::EmergencyShutdown, "emergency_shutdown", Role::SuperAdmin, "Trigger emergency shutdown"),
    (Permission::ForceUserLogout, "force_user_logout", Role::SuperAdmin, "Force user logout"),
    (Permission::ApiGatewayAccess, "api_gateway_access", Role::SuperAdmin, "Access API Gateway"),
    (Permission::AdminApiAccess, "admin_api_access", Role::SuperAdmin, "Access Admin APIs"),
];

impl Permission {
    /// Every permission, in the order of the policy.
    pub fn all() -> impl Iterator<Item = Self> {
        POLICY.iter().map(|(permission, ..)| *permission)
    }

    /// The name that services know it by, such as `view_all_users`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The lowest role that holds it; every role above holds it too.
    #[must_use]
    pub fn lowest_role(self) -> Role {
        self.row().2
    }

    /// What it allows, for people.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> &'static (Self, &'static str, Role, &'static str) {
        &POLICY[self as usize]
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No permission has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a permission, such as view_own_profile")]
pub struct PermissionError;

impl FromStr for Permission {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::all().find(|permission| permission.name() == text).ok_or(PermissionError)
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_permission_finds_its_own_row_and_its_name_reads_back() {
        for (index, (permission, name, ..)) in POLICY.iter().enumerate() {
            assert_eq!(*permission as usize, index, "{name}");
            assert_eq!(name.parse(), Ok(*permission));
        }
        assert_eq!("VIEW_ALL_USERS".parse::<Permission>(), Err(PermissionError));
    }

    #[test]
    fn the_policy_is_the_published_one() {
        let published: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/vectors/permissions.json")).unwrap();
        let names: Vec<_> = Permission::all().map(Permission::name).collect();
        assert_eq!(published["permissions"].as_object().unwrap().len(), names.len());
        for permission in Permission::all() {
            assert_eq!(published["permissions"][permission.name()], permission.description(), "{permission}");
            let adds = published["roles"][permission.lowest_role().name()]["adds"].as_array().unwrap();
            assert!(adds.iter().any(|name| name == permission.name()), "{permission}");
        }
    }
}
