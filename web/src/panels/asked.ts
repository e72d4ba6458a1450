/** What a panel asks of a twin: kept until the belief changes, the answer before shown while another comes. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { post } from "../api/http";
import { useMay } from "../api/queries";
import type { Twin } from "../api/types";

type Question = "/v1/twins/{twin_id}/loops" | "/v1/twins/{twin_id}/picture";

export function useAsked<A>(twin: Twin, question: Question, body: { at?: string; options: Record<string, unknown>; spread?: boolean }, ready = true) {
  const may = useMay("answers:ask");
  return useQuery({
    queryKey: ["twin", twin.id, question, JSON.stringify(body), twin.belief],
    queryFn: async ({ signal }) => (await post(question, { path: { twin_id: twin.id }, body, signal })) as unknown as A,
    enabled: may && ready && twin.belief !== null,
    retry: false,
    staleTime: 10 * 60_000,
    placeholderData: keepPreviousData,
  });
}
