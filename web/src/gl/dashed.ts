import { EdgeProgram, createEdgeArrowHeadProgram, createEdgeClampedProgram, createEdgeCompoundProgram, type EdgeProgramType } from "sigma/rendering";
import type { EdgeDisplayData, NodeDisplayData, RenderParams } from "sigma/types";

/** What a line is drawn with beside what sigma asks for. */
export interface LineData {
  dash: number; // 0 a whole line, 1 dashes
}

type Definition = ReturnType<EdgeProgram["getDefinition"]>;
type Info = Parameters<EdgeProgram["setUniforms"]>[1];

// Sigma exports its own line as a type that hides what a subclass needs.
declare class LineProgram extends EdgeProgram {
  override getDefinition(): Definition;
  override processVisibleItem(index: number, start: number, source: NodeDisplayData, target: NodeDisplayData, data: EdgeDisplayData): void;
  override setUniforms(params: RenderParams, info: Info): void;
}
const head = { lengthToThicknessRatio: 3.5, widenessToThicknessRatio: 3 };
const Line = createEdgeClampedProgram(head) as unknown as typeof LineProgram;

/** Sigma's line up to an arrow head, dashed where the edge says so. */
class DashedLine extends Line {
  override getDefinition(): Definition {
    const d = super.getDefinition();
    const vertex = `
attribute float a_dash;
uniform vec2 u_dimensions;
varying float v_dash;
varying float v_along;
void main() {
  vec2 way = ((u_matrix * vec3(a_positionEnd, 1)).xy - (u_matrix * vec3(a_positionStart, 1)).xy) * u_dimensions * 0.5;
  v_dash = a_dash;
  v_along = length(way) * a_positionCoef;
`;
    const fragment = `
varying float v_dash;
varying float v_along;
void main(void) {
  if (v_dash > 0.5 && mod(v_along, 9.0) > 5.0) discard;
`;
    return {
      ...d,
      VERTEX_SHADER_SOURCE: d.VERTEX_SHADER_SOURCE.replace("void main() {", vertex),
      FRAGMENT_SHADER_SOURCE: d.FRAGMENT_SHADER_SOURCE.replace("void main(void) {", fragment),
      UNIFORMS: [...d.UNIFORMS, "u_dimensions"],
      ATTRIBUTES: [...d.ATTRIBUTES, { name: "a_dash", size: 1, type: WebGLRenderingContext.FLOAT }],
    };
  }

  override processVisibleItem(index: number, start: number, source: NodeDisplayData, target: NodeDisplayData, data: EdgeDisplayData & Partial<LineData>): void {
    super.processVisibleItem(index, start, source, target, data);
    this.array[start + this.ATTRIBUTES_ITEMS_COUNT - 1] = data.dash ?? 0;
  }

  override setUniforms(params: RenderParams, info: Info): void {
    super.setUniforms(params, info);
    info.gl.uniform2f(info.uniformLocations["u_dimensions"]!, params.width, params.height);
  }
}

/** A line that is dashed where the edge says so, without an arrow head: for what moves together. */
export const PlainLine = DashedLine as unknown as EdgeProgramType;

/** The same with an arrow head: from what moves first to what follows. */
export const ArrowLine = createEdgeCompoundProgram([PlainLine, createEdgeArrowHeadProgram(head)]);
