//! The schemas that the OpenAPI document refers to, gathered from the types of bodies.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

/// The schemas met so far. What is taken and what is given are told apart, because serde tells them apart: a field
/// that may be left out of a request is always there in a reply.
#[derive(Debug)]
pub struct Schemas {
    taken: SchemaGenerator,
    given: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        // OpenAPI 3.1 speaks the dialect of 2020-12; it only has another place for what is shared.
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            taken: settings.clone().for_deserialize().into_generator(),
            given: settings.for_serialize().into_generator(),
        }
    }

    /// The schema of a `T` in a request.
    pub(super) fn request<T: JsonSchema>(&mut self) -> Value {
        self.taken.subschema_for::<T>().to_value()
    }

    /// The schema of a `T` in a reply.
    pub(super) fn reply<T: JsonSchema>(&mut self) -> Value {
        self.given.subschema_for::<T>().to_value()
    }

    /// The schema of a `T` in a query, written out: its fields are parameters. None of them can be null.
    pub(super) fn query<T: JsonSchema>(&mut self) -> Value {
        let mut object = T::json_schema(&mut self.taken).to_value();
        for schema in object["properties"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            deny_null(schema);
        }
        object
    }

    /// All that were referred to, by name, and the names under which a request and a reply mean different things.
    pub(super) fn into_shared(mut self) -> (Map<String, Value>, Vec<String>) {
        let mut shared = self.taken.take_definitions(true);
        let mut torn = Vec::new();
        for (name, schema) in self.given.take_definitions(true) {
            if shared.get(&name).is_some_and(|known| *known != schema) {
                torn.push(name.clone());
            }
            shared.insert(name, schema);
        }
        (shared, torn)
    }
}

/// Take null out of what `schema` allows, as `Option` puts it there.
fn deny_null(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if members.get("default").is_some_and(Value::is_null) {
        members.remove("default");
    }
    if let Some(Value::Array(kinds)) = members.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            members.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(mut choices)) = members.remove("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        match choices.as_mut_slice() {
            [Value::Object(only)] => members.append(only),
            _ => drop(members.insert("anyOf".to_owned(), choices.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::role::Role;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only described")]
    struct Query {
        role: Option<Role>,
        q: Option<String>,
        all: bool,
    }

    #[test]
    fn a_parameter_that_may_be_left_out_is_not_null() {
        let object = Schemas::new().query::<Query>();
        assert_eq!(object["properties"]["role"], json!({"$ref": "#/components/schemas/Role"}));
        assert_eq!(object["properties"]["q"], json!({"type": "string"}));
        assert_eq!(object["required"], json!(["all"]));
    }
}
