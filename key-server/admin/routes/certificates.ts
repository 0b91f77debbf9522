import { z } from "@hono/zod-openapi";
import { getCertificate, listCertificates } from "../actions/certificates.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute } from "../admin_route.ts";
import { certificateListSchema, certificateViewSchema } from "../schemas/certificates.ts";
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
  summary: "Show one of the certificates",
  request: { params: z.strictObject({ id: idParameterSchema }) },
  answer: certificateViewSchema,
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
}
