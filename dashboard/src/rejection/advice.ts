// What to do about a rejected request, by the code of its reason.
const advices: Record<string, string> = {
  signature_invalid: "The secret at the provider and the one stored here differ, or somebody else sends. Set the same secret on both sides. Requests from addresses that are not the provider's need nothing.",
  unauthenticated: "The request had no proof of who sent it. Enter the secret in the settings of the webhook at the provider.",
  secret_missing: "No secret is stored for this source, so nothing can be verified. Set the source up; the provider sends failed requests again.",
  networks_missing: "The addresses of the provider were not fetched yet. This is tried again every five minutes and ends by itself.",
  source_misconfigured: "The settings of this source are not valid. Correct them in the manifest and run signalbox apply.",
  address_refused: "The request came from an address that is not in the networks of the source. Add it there if it is the provider's.",
  payload_invalid: "The body is not what the provider documents. Choose application/json as the content type at the provider; if it is, this is a fault of Signalbox.",
  payload_too_large: "The body is larger than the stack accepts. Send fewer events, or raise the parameter MaxBodyBytes.",
};

/** Return what to do about requests that were rejected with this code. */
export const adviceFor = (code: string): string => advices[code] ?? "Look at the reason below. The log of the function has more under the id of the request.";
