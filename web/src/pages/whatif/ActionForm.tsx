/** The fields of an action, made from its JSON schema. */
import type { Schema } from "../../api/types";
import { Field } from "../../design/parts";
import { fieldName, pretty } from "../../lib/units";
import { fieldsOf, isRequired, type Value } from "./plan";

interface Props {
  schema: Schema;
  values: Record<string, Value>;
  onChange: (values: Record<string, Value>) => void;
  faults?: Record<string, string>;
  all?: boolean; // optional fields too
}

export function SchemaFields({ schema, values, onChange, faults = {}, all = true }: Props) {
  const set = (name: string, value: Value) => onChange({ ...values, [name]: value });
  return (
    <>
      {fieldsOf(schema)
        .filter(([name, p]) => all || isRequired(schema, name) || p.enum || (values[name] ?? null) !== null || faults[name])
        .map(([name, property]) => {
          const unit = pretty(property["x-unit"] ?? "");
          const needed = isRequired(schema, name);
          const value = values[name] ?? "";
          return (
            <Field key={name} label={fieldName(name, property.description)} unit={unit || undefined} fault={faults[name]}>
              {(ids) =>
                property.enum ? (
                  <select {...ids} className="input" title={property.description} value={String(value)} onChange={(e) => set(name, e.target.value)}>
                    {!needed && !property.enum.includes(String(value)) && <option value="">–</option>}
                    {property.enum.map((one) => (
                      <option key={one}>{one}</option>
                    ))}
                  </select>
                ) : (
                  <input
                    {...ids}
                    className="input num"
                    type="number"
                    step="any"
                    title={[property.description, property.minimum !== undefined && `${property.minimum} – ${property.maximum} ${unit}`].filter(Boolean).join(": ")}
                    required={needed}
                    value={String(value)}
                    onChange={(e) => set(name, e.target.value === "" ? null : Number(e.target.value))}
                  />
                )
              }
            </Field>
          );
        })}
    </>
  );
}
