/** The floor in 3D: places as slabs, steps as fields on them, patients as pegs coloured by urgency; beds, taken and free. */
import { Canvas, useThree } from "@react-three/fiber";
import { useEffect, useMemo, useState, type KeyboardEvent } from "react";
import { CanvasTexture, LinearFilter, type PerspectiveCamera } from "three";
import { useSettings } from "../app/settings";
import { Notice } from "../design/parts";
import { words } from "../lib/units";
import { t } from "../texts";
import type { FloorPanel, Patient } from "./Floor";
import { plan, type Field } from "./plan3d";

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function drawable(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}

export default function Solid({ floor, patients, places }: { floor: FloorPanel; patients: Patient[]; places: string[] }) {
  const [able] = useState(drawable);
  const [view, setView] = useState({ turn: 0.35, tilt: 0.8, far: 1 });
  const { theme } = useSettings();
  const fields = useMemo(() => plan(floor, patients, places), [floor, patients, places]);
  if (!able) return <Notice>{t.panels.noSolid}</Notice>;
  const turn = (more: Partial<typeof view>) => setView((v) => ({ ...v, ...more }));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") turn({ turn: view.turn - 0.12 });
    else if (event.key === "ArrowRight") turn({ turn: view.turn + 0.12 });
    else if (event.key === "ArrowUp") turn({ tilt: Math.min(view.tilt + 0.08, 1.45) });
    else if (event.key === "ArrowDown") turn({ tilt: Math.max(view.tilt - 0.08, 0.25) });
    else if (event.key === "+" || event.key === "=") turn({ far: Math.max(view.far * 0.9, 0.4) });
    else if (event.key === "-") turn({ far: Math.min(view.far / 0.9, 2) });
    else return;
    event.preventDefault();
  };
  return (
    <div
      className="solid"
      tabIndex={0}
      role="application"
      aria-label={t.panels.solidLabel(patients.length)}
      data-turn={view.turn.toFixed(2)}
      onKeyDown={onKeyDown}
      onPointerMove={(e) => e.buttons === 1 && turn({ turn: view.turn - e.movementX * 0.006, tilt: Math.min(Math.max(view.tilt + e.movementY * 0.004, 0.25), 1.45) })}
    >
      <Canvas key={theme} frameloop="demand" dpr={[1, 2]} camera={{ fov: 35 }} aria-hidden>
        <color attach="background" args={[token("--sunken")]} />
        <ambientLight intensity={1.6} />
        <directionalLight position={[10, 20, 8]} intensity={1.6} />
        <Look {...view} />
        {fields.map((field) => <Slab key={field.name} field={field} />)}
      </Canvas>
    </div>
  );
}

function Look({ turn, tilt, far }: { turn: number; tilt: number; far: number }) {
  const { camera, invalidate } = useThree();
  useEffect(() => {
    const distance = 54 * far;
    (camera as PerspectiveCamera).position.set(distance * Math.sin(turn) * Math.cos(tilt), distance * Math.sin(tilt), distance * Math.cos(turn) * Math.cos(tilt));
    camera.lookAt(0, 0, 1);
    invalidate();
  }, [camera, invalidate, turn, tilt, far]);
  return null;
}

function Slab({ field }: { field: Field }) {
  const label = useMemo(() => named(field.name, `${field.pegs.filter((p) => p.class !== "").length}`), [field]);
  return (
    <group position={[field.x, 0, field.z]}>
      <mesh position={[0, -0.15, 0]}>
        <boxGeometry args={[field.width, 0.3, field.depth]} />
        <meshStandardMaterial color={token("--surface")} />
      </mesh>
      <mesh position={[0, 0.02, field.depth / 2 - 0.6]} rotation={[-Math.PI / 2, 0, 0]}>
        <planeGeometry args={[Math.min(field.width - 0.2, 6), 1]} />
        <meshBasicMaterial map={label} transparent />
      </mesh>
      {field.pegs.map((peg, k) => {
        const colour = peg.class ? token(`--urgency-${peg.class}`) || token("--muted") : token("--line-strong");
        return (
          <mesh key={k} position={[peg.x, peg.class ? 0.45 : 0.06, peg.z]}>
            {field.beds ? <boxGeometry args={[0.62, peg.class ? 0.7 : 0.12, 0.9]} /> : <capsuleGeometry args={[0.26, 0.5, 4, 10]} />}
            <meshStandardMaterial color={colour} transparent={peg.waiting} opacity={peg.waiting ? 0.55 : 1} />
          </mesh>
        );
      })}
    </group>
  );
}

/** A name and a number, drawn once as a texture. */
function named(name: string, count: string): CanvasTexture {
  const canvas = document.createElement("canvas");
  canvas.width = 768;
  canvas.height = 128;
  const context = canvas.getContext("2d")!;
  context.fillStyle = token("--text");
  context.font = `600 64px ${token("--font")}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(`${words(name)}  ${count}`, 384, 64, 760);
  const texture = new CanvasTexture(canvas);
  texture.minFilter = LinearFilter;
  return texture;
}
