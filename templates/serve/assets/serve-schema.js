// The recipe's JSON Schema, made easy to walk: what a path takes, which kinds there are, its default.
"use strict";

server.schema = (root) => {
  // A schema without its references.
  function plain(schema) {
    let plainSchema = schema;
    while (plainSchema && plainSchema.$ref) {
      const { $ref, ...own } = plainSchema;
      plainSchema = { ...$ref.split("/").slice(1).reduce((place, name) => place[name], root), ...own };
    }
    return plainSchema || {};
  }

  // All that a path takes, with nested unions flattened.
  function members(schema) {
    const plainSchema = plain(schema);
    const inner = plainSchema.anyOf || plainSchema.oneOf;
    return inner ? inner.flatMap(members) : [plainSchema];
  }

  const kindOf = (member) => member.properties?.kind?.const ?? plain(member.properties?.kind).const;

  // What a path takes, in the form's terms: {widget, ...}.
  function describe(schema) {
    const all = members(schema);
    const nullable = all.some((member) => member.type === "null");
    const rest = all.filter((member) => member.type !== "null");
    const kinds = new Map(rest.filter((member) => kindOf(member)).map((member) => [kindOf(member), member]));
    const of = (widget, more = {}) => ({ widget, nullable, ...more });
    if (kinds.size) {
      const others = rest.filter((member) => !kindOf(member) && !member.enum);
      return of("kinds", { kinds, others: others.length > 0 });
    }
    const mapping = rest.find((member) => member.type === "object" && member.properties);
    const arrays = rest.filter((member) => member.type === "array");
    if (mapping) {
      const short = rest.find((member) => member.type === "string");
      return short && rest.length === 2 ? of("mapping", { properties: mapping.properties, required: mapping.required || [], short: shortOf(mapping) }) : of(rest.length === 1 ? "mapping" : "free", { properties: mapping.properties, required: mapping.required || [] });
    }
    if (arrays.length === 1 && rest.length === 1) {
      const [array] = arrays;
      if (array.prefixItems) return of("free");
      return of("list", { items: array.items || {}, minItems: array.minItems || 0, maxItems: array.maxItems || Infinity });
    }
    if (rest.length === 1) {
      const [one] = rest;
      if (one.enum) return of("choice", { choices: one.enum });
      if (one.const !== undefined) return of("fixed");
      if (one.type === "boolean") return of("switch");
      if (one.type === "integer" || one.type === "number") return of("number", { whole: one.type === "integer", low: one.minimum ?? one.exclusiveMinimum, high: one.maximum ?? one.exclusiveMaximum });
      if (one.type === "string") return of("text", { maxLength: one.maxLength, colour: one.format === "color-hex" });
    }
    const choices = rest.filter((member) => member.enum || member.const !== undefined).flatMap((member) => member.enum || [member.const]);
    if (choices.length && choices.length === rest.flatMap((member) => member.enum || [1]).length) return of("choice", { choices });
    return of("free", { hint: rest.some((member) => member.type === "number") });
  }

  // The one key that a bare text stands for: `images: [photo.jpg]` is `images: [{image: photo.jpg}]`.
  function shortOf(mapping) {
    const needed = mapping.required || [];
    return needed.length === 1 ? needed[0] : "image" in mapping.properties ? "image" : "";
  }

  // The smallest valid value at a path, for a new item of a list or another kind.
  function fresh(schema) {
    const plainSchema = plain(schema);
    if (plainSchema.default !== undefined && plainSchema.default !== null) return plainSchema.default;
    const shape = describe(schema);
    if (shape.widget === "kinds") {
      const [kind, member] = shape.kinds.entries().next().value;
      return filled(kind, member);
    }
    if (shape.widget === "mapping") {
      if (shape.short) return "upload";
      return Object.fromEntries(shape.required.map((name) => [name, fresh(shape.properties[name])]));
    }
    if (shape.widget === "list") return shape.minItems ? [fresh(shape.items)] : [];
    if (shape.widget === "choice") return shape.choices[0];
    if (shape.widget === "switch") return false;
    if (shape.widget === "number") return shape.low ?? 0;
    if (shape.nullable) return null;
    return "";
  }

  // A kind with its required fields.
  function filled(kind, member) {
    const needed = (member.required || []).filter((name) => name !== "kind");
    return { kind, ...Object.fromEntries(needed.map((name) => [name, /image/.test(name) && plain(member.properties[name]).type === "string" ? "upload" : fresh(member.properties[name])])) };
  }

  // What stands at a path of keys and positions: {properties} or {items}; null where the schema has nothing.
  // `kindAt` tells which kind a recipe has at a path, where there are several.
  function memberAt(path, kindAt) {
    let place = { properties: root.properties };
    path.forEach((name, at) => {
      if (!place) return;
      const property = typeof name === "number" ? place.items : place.properties?.[name];
      if (!property) {
        place = null;
        return;
      }
      const shape = describe(property);
      if (shape.widget === "list") place = { items: shape.items };
      else if (shape.widget === "kinds") place = shape.kinds.get(kindAt(path.slice(0, at + 1))) || null;
      else place = shape.properties ? { properties: shape.properties } : null;
    });
    return place;
  }

  return { root, plain, members, describe, fresh, filled, memberAt };
};
