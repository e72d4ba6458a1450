/** One heart in 3D: its surfaces coloured at a moment, turned and moved by keys and pointer.
 *  flat, linear, legacy: no tone mapping and no colour spaces, so that what faces one has the colour of the legend. */
import { Canvas, useThree } from "@react-three/fiber";
import { useEffect, useMemo, useState, type KeyboardEvent } from "react";
import { BufferAttribute, BufferGeometry, type PerspectiveCamera } from "three";
import { useSettings } from "../app/settings";
import { Notice } from "../design/parts";
import { t } from "../texts";
import { paint, placed, rgb, SEEN, widest, type By, type HeartAnswer, type HeartSurface, type Inks, type View } from "./heart3d";

export interface Pose {
  turn: number;
  tilt: number;
  far: number;
}
const ANGLE = 28; // of view, degrees

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function drawable(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}

interface Props {
  answer: HeartAnswer;
  option: string;
  name: string;
  view: View;
  by: By;
  now: number;
  pose: Pose;
  onPose: (pose: Pose) => void;
  onSpace: () => void;
}

export default function HeartScene({ answer, option, name, view, by, now, pose, onPose, onSpace }: Props) {
  const [able] = useState(drawable);
  const { theme } = useSettings();
  const { points, reach } = useMemo(() => placed(answer.surfaces), [answer]);
  const span = useMemo(() => (by === "spread" ? widest(answer) : answer.span), [answer, by]);
  if (!able) return <Notice>{t.heart3d.noSolid}</Notice>;
  const move = (more: Partial<Pose>) => onPose({ ...pose, ...more });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") move({ turn: pose.turn - 0.15 });
    else if (event.key === "ArrowRight") move({ turn: pose.turn + 0.15 });
    else if (event.key === "ArrowUp") move({ tilt: Math.min(pose.tilt + 0.1, 1.5) });
    else if (event.key === "ArrowDown") move({ tilt: Math.max(pose.tilt - 0.1, -1.5) });
    else if (event.key === "+" || event.key === "=") move({ far: Math.max(pose.far * 0.9, 0.5) });
    else if (event.key === "-") move({ far: Math.min(pose.far / 0.9, 2) });
    else if (event.key === " ") onSpace();
    else return;
    event.preventDefault();
  };
  const inks = { resting: rgb(token("--heart-resting")), front: rgb(token("--heart-front")), scar: rgb(token("--heart-scar")) };
  return (
    <div
      className="heart-scene"
      tabIndex={0}
      role="application"
      aria-label={by === "spread" ? t.heart3d.spreadLabel(name, span[1]) : t.heart3d.label(name, Math.round(now))}
      data-turn={pose.turn.toFixed(2)}
      onKeyDown={onKeyDown}
      onPointerMove={(e) => e.buttons === 1 && move({ turn: pose.turn - e.movementX * 0.008, tilt: Math.min(Math.max(pose.tilt + e.movementY * 0.006, -1.5), 1.5) })}
    >
      <Canvas key={theme} flat linear legacy frameloop="demand" dpr={[1, 2]} camera={{ fov: ANGLE, near: 1, far: 2000 }} aria-hidden>
        <color attach="background" args={[token("--sunken")]} />
        <ambientLight intensity={1.5} />
        <Look pose={pose} reach={reach} />
        {answer.surfaces
          .filter((surface) => SEEN[view].includes(surface.name))
          .map((surface) => <Skin key={surface.name} surface={surface} at={points[surface.name]!} option={option} by={by} now={by === "spread" ? span[1] : now} span={span} inks={inks} />)}
      </Canvas>
    </div>
  );
}

function Look({ pose, reach }: { pose: Pose; reach: number }) {
  const { camera, invalidate } = useThree();
  const distance = (1.15 * reach * pose.far) / Math.sin((ANGLE * Math.PI) / 360);
  const place: [number, number, number] = [distance * Math.sin(pose.turn) * Math.cos(pose.tilt), distance * Math.sin(pose.tilt), distance * Math.cos(pose.turn) * Math.cos(pose.tilt)];
  useEffect(() => {
    (camera as PerspectiveCamera).position.set(...place);
    camera.lookAt(0, 0, 0);
    invalidate();
  });
  return <directionalLight position={[place[0] + 0.4 * distance, place[1] + 0.6 * distance, place[2]]} intensity={1.6} />;
}

function Skin({ surface, at, option, by, now, span, inks }: { surface: HeartSurface; at: Float32Array; option: string; by: By; now: number; span: [number, number]; inks: Inks }) {
  const { invalidate } = useThree();
  const shape = useMemo(() => {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(at, 3));
    geometry.setAttribute("color", new BufferAttribute(new Float32Array(at.length), 3));
    geometry.setIndex(surface.triangles);
    geometry.computeVertexNormals();
    return geometry;
  }, [surface, at]);
  useEffect(() => () => shape.dispose(), [shape]);
  useEffect(() => {
    const colours = shape.getAttribute("color") as BufferAttribute;
    paint((by === "spread" ? surface.spread : surface.values)?.[option] ?? [], surface.scar[option], now, span, inks, colours.array as Float32Array, by);
    colours.needsUpdate = true;
    invalidate();
  });
  return (
    <mesh geometry={shape}>
      <meshLambertMaterial vertexColors />
    </mesh>
  );
}
