import { z } from "@hono/zod-openapi";
import { checkCertificates, installCertificate, requestCertificate } from "../actions/certificate_work.ts";
import { getCertificate, listCertificates } from "../actions/certificates.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute, jsonBody } from "../admin_route.ts";
import {
  certificateCheckSchema,
  certificateListSchema,
  certificateRequestSchema,
  certificateViewSchema,
  checkCertificatesSchema,
  installCertificateSchema,
  requestCertificateSchema,
} from "../schemas/certificates.ts";
import { idParameterSchema } from "../schemas/common.ts";
import type { AdminServices } from "../services.ts";

const listCertificatesRoute = adminRoute({
  operationId: "listCertificates",
  method: "get",
  path: "/v1/certificates",
  summary: "List certificates",
  request: {},
  answer: certificateListSchema,
});

const getCertificateRoute = adminRoute({
  operationId: "getCertificate",
  method: "get",
  path: "/v1/certificates/{id}",
  summary: "Show a certificate; the first six digits of its id or more tell which",
  request: { params: z.strictObject({ id: idParameterSchema }) },
  answer: certificateViewSchema,
});

const requestCertificateRoute = adminRoute({
  operationId: "requestCertificate",
  method: "post",
  path: "/v1/certificate-requests",
  summary: "Make a certificate request, signed by the key in its token",
  request: { body: jsonBody(requestCertificateSchema) },
  answer: certificateRequestSchema,
});

const installCertificateRoute = adminRoute({
  operationId: "installCertificate",
  method: "post",
  path: "/v1/names/{name}/certificates",
  summary: "Install an external CA's certificate for one of a name's keys",
  request: { params: z.strictObject({ name: idParameterSchema }), body: jsonBody(installCertificateSchema) },
  answer: certificateViewSchema,
});

const checkCertificatesRoute = adminRoute({
  operationId: "checkCertificates",
  method: "post",
  path: "/v1/certificate-checks",
  summary: "Hold a chain against a name, or everything that the name has",
  request: { body: jsonBody(checkCertificatesSchema) },
  answer: certificateCheckSchema,
});

export function addCertificateRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(
    listCertificatesRoute,
    (context) => context.json({ certificates: listCertificates(services) }, 200),
  );
  app.openapi(
    getCertificateRoute,
    (context) => context.json(getCertificate(services, context.req.valid("param").id), 200),
  );
  app.openapi(requestCertificateRoute, async (context) => {
    const request = await requestCertificate(services, context.req.valid("json"));
    return context.json({ request }, 200);
  });
  app.openapi(installCertificateRoute, async (context) => {
    const { name: author } = context.env.administrator;
    const { name } = context.req.valid("param");
    const { chain } = context.req.valid("json");
    return context.json(await installCertificate(services, name, chain, author), 200);
  });
  app.openapi(checkCertificatesRoute, (context) => {
    const { name, chain } = context.req.valid("json");
    return context.json(checkCertificates(services, name, chain), 200);
  });
}
